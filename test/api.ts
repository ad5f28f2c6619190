// The API over real parts in a temporary folder, for tests: folder stores, catalogue, road, tokens, and on request a port.
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { SignJWT } from 'jose'
import sharp from 'sharp'
import { jwtAuth } from '../src/auth/jwt.ts'
import { openCatalogue } from '../src/catalogue.ts'
import { memoryFeed } from '../src/feed.ts'
import { httpApp } from '../src/http/app.ts'
import type { OriginalView, Upload } from '../src/http/schemas.ts'
import type { Services } from '../src/http/services.ts'
import { keyOfId } from '../src/original.ts'
import type { Preset } from '../src/preset.ts'
import { presetSchema } from '../src/preset-schema.ts'
import { memoryQueue } from '../src/queue/memory.ts'
import { reconcile } from '../src/reconcile.ts'
import { render } from '../src/render/render.ts'
import { compileRule, type RuleDefinition } from '../src/rule.ts'
import { ruleSchema } from '../src/rule-schema.ts'
import { fsStorage } from '../src/storage/fs.ts'

export const HOME = 'http://127.0.0.1:8080'
const SECRET = 'the secret of the tokens, for tests only'
const ISSUER = 'https://issuer.example'
const AUDIENCE = 'thumbsmith'

export const RULES = [
  {
    name: 'photos',
    match: 'uploads/**',
    extensions: ['jpg', 'jpeg', 'png', 'webp'],
    presets: ['small', 'square'],
    ticket: 'uploads/{owner}/{id}/{filename}',
  },
  { name: 'puts', prefix: 'puts/', presets: ['small'], ticket: 'puts/{owner}/{id}.{ext}', method: 'PUT' },
  { name: 'common', prefix: 'common/', presets: ['small'], ticket: 'common/{id}.{ext}' },
]

export interface ApiOptions
  extends Partial<Pick<Services, 'origins' | 'rateLimit' | 'dashboard' | 'packages' | 'auth' | 'ready'>> {
  rules?: unknown[]
  uploadMaxBytes?: number
  linkSeconds?: number
  heartbeatMs?: number
  live?: boolean
}

export type TestApi = Awaited<ReturnType<typeof openApi>>

/** Tokens name the owner; the operator's also has the group `staff`. */
export async function tokenFor(owner: string, claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(owner)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SECRET))
}

export async function openApi(options: ApiOptions = {}) {
  const root = await mkdtemp(join(tmpdir(), 'thumbsmith-api-'))
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const originals = await fsStorage({ root: join(root, 'originals'), name: 'originals', secret })
  const renditions = await fsStorage({ root: join(root, 'renditions'), name: 'renditions', secret })
  const rules = (options.rules ?? RULES).map((rule) => compileRule(ruleSchema.parse(rule) as RuleDefinition))
  const presets: Record<string, Preset> = {
    small: presetSchema.parse({ width: 64 }),
    square: presetSchema.parse({ width: 32, height: 32, fit: 'cover' }),
  }
  const feed = memoryFeed()
  const queue = memoryQueue({ concurrency: 1, ownerOf: () => 'somebody' })
  const logged: { level: string; fields: Record<string, unknown>; message: string }[] = []
  const logAt = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields: { ...fields }, message })
  const log = { debug: () => {}, info: logAt('info'), warn: logAt('warn'), error: logAt('error') }
  const limits = { uploadMaxBytes: options.uploadMaxBytes ?? 1_000_000, rendersPerDay: 100 }
  const stored: string[] = []
  const road = {
    rules,
    presets,
    limits,
    feed,
    log,
    instance: 'test',
    isPresent: async () => false,
    stores: { originals, renditions },
    state: renditions,
    renderer: { render: (request: Parameters<typeof render>[0]) => render(request), close: async () => {} },
  }
  const services: Services = {
    version: '1.2.3',
    rules,
    presets,
    log,
    originals,
    renditions,
    limits: { uploadMaxBytes: limits.uploadMaxBytes, ticketSeconds: 60, linkSeconds: options.linkSeconds ?? 600 },
    auth:
      options.auth ??
      jwtAuth({
        issuer: ISSUER,
        audience: AUDIENCE,
        keys: { secret: SECRET },
        operator: { claim: 'groups', value: 'staff' },
      }),
    catalogue: openCatalogue({ rules, presets, originals, state: renditions, queue, feed }),
    feed: options.live === false ? undefined : feed,
    ready: options.ready ?? (async () => ({ ok: true, problems: [] })),
    origins: options.origins ?? { own: [HOME], allowed: ['https://good.example'] },
    blobs: {
      originals: { access: originals, onStored: (key) => void stored.push(key) },
      renditions: { access: renditions },
    },
    rateLimit: options.rateLimit,
    dashboard: options.dashboard,
    packages: options.packages,
  }
  const appOptions = options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }
  let app = httpApp(services, appOptions)
  let home = HOME
  const closing = [() => rm(root, { recursive: true, force: true }), () => originals.close(), () => renditions.close()]

  /** `as` signs in; an object as body is sent as JSON. */
  async function ask(
    method: string,
    path: string,
    init: { as?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) {
    const headers: Record<string, string> = { ...init.headers }
    if (init.as !== undefined) headers.authorization = `Bearer ${init.as}`
    const isRaw =
      init.body === undefined ||
      init.body instanceof FormData ||
      typeof init.body === 'string' ||
      init.body instanceof Uint8Array
    if (!isRaw) headers['content-type'] ??= 'application/json'
    const body = (isRaw ? init.body : JSON.stringify(init.body)) as RequestInit['body']
    return app.request(path.startsWith('/') ? home + path : path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    })
  }

  return {
    root,
    originals,
    renditions,
    feed,
    logged,
    stored,
    services,
    ask,
    get app() {
      return app
    },
    async ticket(as: string, request: Record<string, unknown> = {}): Promise<Upload> {
      const body = { filename: 'photo.jpg', contentType: 'image/jpeg', bytes: 5, ...request }
      const response = await ask('POST', '/v1/uploads', { as, body })
      if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
      return (await response.json()) as Upload
    },
    /** An original of this owner, uploaded by its ticket. */
    async upload(as: string, bytes: Uint8Array | string, request: Record<string, unknown> = {}): Promise<Upload> {
      const upload = await this.ticket(as, { bytes: bytes.length, ...request })
      const response = await ask('POST', upload.ticket.url, { body: formOf(upload, bytes) })
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
      return upload
    },
    /** Has an original rendered now. */
    async settle(id: string): Promise<void> {
      await reconcile(road, { key: keyOfId(id)! })
    },
    async read(as: string, id: string): Promise<OriginalView> {
      return (await ask('GET', `/v1/originals/${id}`, { as })).json() as Promise<OriginalView>
    },
    /** Listens on a free port of this machine, under which the API then knows itself. */
    async listen(): Promise<string> {
      const server = createAdaptorServer({ fetch: (request, env) => app.fetch(request, env) })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      app = httpApp({ ...services, origins: { ...services.origins, own: [home] } }, appOptions)
      closing.push(
        () =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            if ('closeAllConnections' in server) server.closeAllConnections()
          }),
      )
      return home
    },
    async close(): Promise<void> {
      for (const step of closing.splice(0).reverse()) await step()
    },
  }
}

export function formOf({ ticket }: Upload, bytes: Uint8Array | string): FormData {
  if (ticket.method !== 'POST') throw new Error('This ticket is no form.')
  const form = new FormData()
  for (const [name, value] of Object.entries(ticket.fields)) form.set(name, value)
  form.set('file', new Blob([bytes as Uint8Array<ArrayBuffer> | string]))
  return form
}

export const picture = (width = 120, height = 80): Promise<Uint8Array> =>
  sharp({ create: { width, height, channels: 3, background: '#a33' } })
    .jpeg()
    .toBuffer()
