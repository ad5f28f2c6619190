// Routes about the server itself: is it well, what it offers, its OpenAPI document, and the files of the dashboard.
import { createHash } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { publicPreset, titleStyleOf } from '../preset.ts'
import { docsCss, docsPage } from './docs.ts'
import { json, PROBLEMS } from './documents.ts'
import { notFound } from './problems.ts'
import { parseRange } from './range.ts'
import { aboutSchema, contentTypesOf } from './schemas.ts'
import { PROOF_WORKER_POLICY } from './security.ts'
import type { Api, ApiEnv, Asset, Services } from './services.ts'
import { offersTickets } from './uploads.ts'

const presetListSchema = z.object({ presets: aboutSchema.shape.presets }).openapi('PresetList')
const healthSchema = z.object({ ok: z.boolean(), problems: z.array(z.string()) }).openapi('Health')

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Tell whether the process runs',
  security: [],
  responses: { 200: { description: 'It does.', content: { 'text/plain': { schema: z.string() } } } },
})

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Tell whether it can do its work',
  security: [],
  responses: { 200: json('It can.', healthSchema), 503: json('Not at the moment.', healthSchema) },
})

const presets = createRoute({
  method: 'get',
  path: '/v1/presets',
  summary: 'List the presets',
  responses: { 200: json('By name, in the order of the configuration.', presetListSchema), ...PROBLEMS },
})

const about = createRoute({
  method: 'get',
  path: '/v1/about',
  summary: 'Tell what a page needs to know before anything is uploaded',
  responses: { 200: json('Who asks, and what is offered.', aboutSchema), ...PROBLEMS },
})

/** For those that watch over the process: they come by address, not by name, so they are asked for no Host. */
export function probeRoutes(api: Api, services: Services): void {
  api.openapi(healthz, (c) => c.text('ok', 200, { 'Cache-Control': 'no-store' }))
  api.openapi(readyz, async (c) => {
    const { ok, problems } = await services.ready()
    // A page under a foreign name may learn that something is wrong, not what.
    const body = { ok, problems: c.get('origin') === undefined ? [] : problems }
    return c.json(body, ok ? 200 : 503, { 'Cache-Control': 'no-store' })
  })
}

export function aboutRoutes(api: Api, services: Services): void {
  const { version, rules, limits } = services
  const presetList = Object.entries(services.presets).map(([name, preset]) => ({
    name,
    title: titleStyleOf(preset) !== undefined,
    preset: publicPreset(preset),
  }))
  const upload = {
    offered: rules.some(offersTickets),
    maxBytes: limits.uploadMaxBytes,
    contentTypes: contentTypesOf(limits),
  }
  api.openapi(presets, (c) => c.json({ presets: presetList }, 200))
  api.openapi(about, (c) => {
    const { owner, operator } = c.get('identity')
    return c.json({ version, owner, operator, upload, events: services.feed !== undefined, presets: presetList }, 200)
  })
}

export function documentRoutes(api: Api, { version }: Services): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  let made: ReturnType<Api['getOpenAPI31Document']> | undefined
  const document = () => {
    made ??= api.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'thumbsmith',
        version,
        description: 'Upload originals, watch their renditions being made, and fetch them.',
        license: { name: 'MIT' },
      },
      security: [{ token: [] }, {}],
    })
    return made
  }
  api.get('/openapi.json', (c) => c.json(document(), 200, { 'Cache-Control': 'no-cache' }))
  api.get('/docs', (c) => c.html(docsPage(document()), 200, { 'Cache-Control': 'no-cache' }))
  api.get('/docs/style.css', (c) => c.body(docsCss, 200, { 'Content-Type': 'text/css', 'Cache-Control': 'no-cache' }))
}

const FOR_GOOD = 'public, max-age=31536000, immutable'
/** It alone compiles WebAssembly, and it loads nothing but fonts. A worker keeps the policy of its own answer, not that of the page. */
const PROOF_WORKER = /^proof-worker-[\w-]+\.js$/

export function dashboardRoutes(api: Api, { dashboard, packages }: Services): void {
  api.get('/', (c) => (dashboard ? sendAsset(c, dashboard('index.html'), 'no-cache') : c.redirect('/docs')))
  // Their names hold a hash of their bytes.
  api.get('/assets/:name{\\w[\\w.-]*}', (c) => {
    const name = c.req.param('name')
    if (PROOF_WORKER.test(name)) c.header('Content-Security-Policy', PROOF_WORKER_POLICY)
    return sendAsset(c, dashboard?.(`assets/${name}`), FOR_GOOD)
  })
  // The address holds a hash of their versions.
  api.get('/packages/:versions{\\w+}/:path{[@\\w][\\w./@-]*}', async (c) => {
    const asset = await packages?.(c.req.param('path'))
    return (asset && sendPart(c, asset, FOR_GOOD)) ?? sendAsset(c, asset, FOR_GOOD)
  })
  api.get('/:name{\\w[\\w-]*\\.[\\w.-]+}', (c) => sendAsset(c, dashboard?.(c.req.param('name')), 'no-cache'))
}

function accepts(c: Context<ApiEnv>, encoding: string): boolean {
  const offers = (c.req.header('accept-encoding') ?? '').split(',')
  return offers.some((offer) => {
    const [name, quality = ''] = offer.split(';').map((part) => part.trim())
    return name === encoding && !/^q=0(\.0*)?$/.test(quality)
  })
}

/** One range of bytes, where one is asked for that we have: a function on Lambda cannot answer with a large file at once. */
function sendPart(c: Context<ApiEnv>, { body, contentType }: Asset, cacheControl: string): Response | undefined {
  const range = parseRange(c.req.header('range'), body.length)
  if (range === undefined || range === 'unsatisfiable') return undefined
  const { start, end } = range
  return c.body(body.slice(start, end + 1), 206, {
    'content-type': contentType,
    'content-range': `bytes ${start}-${end}/${body.length}`,
    'cache-control': cacheControl,
    vary: 'Accept-Encoding',
  })
}

const etags = new WeakMap<Uint8Array, string>()

function sendAsset(c: Context<ApiEnv>, asset: Asset | undefined, cacheControl: string): Response {
  if (!asset) return notFound(c)
  const encoding = (['br', 'gzip'] as const).find((name) => asset[name] && accepts(c, name))
  const body = encoding ? asset[encoding]! : asset.body
  const etag = etags.get(body) ?? `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  etags.set(body, etag)
  const headers: Record<string, string> = { etag, 'cache-control': cacheControl, vary: 'Accept-Encoding' }
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
  headers['content-type'] = asset.contentType
  if (encoding) headers['content-encoding'] = encoding
  return c.body(body, 200, headers)
}
