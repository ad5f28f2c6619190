// A laptop home for tests: a real server process in a folder of its own, and the few requests by which a test talks to it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Dirent, existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { OriginalView, Upload, UploadRequest } from '../../src/http/schemas.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** The Node that runs `.ts` as it stands. */
const DEVELOPMENT_NODE = join(ROOT, 'node_modules/.bin/node')
const READY = /^thumbsmith \S+ is ready at (http\S+)/
const START_TIMEOUT_MS = 30_000

export interface HomeOptions {
  /** The presets and rules, relative to the repository. */
  config?: string
  env?: Record<string, string>
  /** What to run instead of the command line, relative to the repository: it must print the same line when it is ready. */
  entry?: string
  args?: string[]
}

export interface LogLine {
  level: number
  message: string
  [field: string]: unknown
}

export interface Asker {
  /** Who asks, where the server wants to know. */
  token?: string | undefined
}

export type Home = Awaited<ReturnType<typeof openHome>>

/** Starts a server on a free port. Its stores are `data/originals` and `data/renditions` in `folder`, unless `env` says otherwise. */
export async function openHome(options: HomeOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'thumbsmith-home-'))
  const log: LogLine[] = []
  const said: string[] = []
  let running: { child: ChildProcess; url: string } | undefined

  const lastWords = () => said.slice(-20).join('\n')

  /** The server, which must not have ended by itself. */
  function alive() {
    if (!running) throw new Error('The server does not run.')
    const { exitCode, signalCode } = running.child
    if (exitCode !== null || signalCode !== null)
      throw new Error(`The server ended by itself (${exitCode ?? signalCode}).\n${lastWords()}`)
    return running
  }

  async function start(port = 0): Promise<void> {
    const { config = 'thumbsmith.yaml', entry = 'src/hosts/cli.ts', args = [], env = {} } = options
    const node = existsSync(DEVELOPMENT_NODE) ? DEVELOPMENT_NODE : process.execPath
    const command = [resolve(ROOT, entry), '--config', resolve(ROOT, config), 'server', '--port', String(port), ...args]
    const { PATH = '' } = process.env
    // A group of its own, so that `kill` takes the decoder processes along.
    const child = spawn(node, command, { cwd: folder, env: { PATH, ...env }, detached: true })
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line)
      // A process that is killed may leave half a line.
      if (/^\{.*\}$/.test(line)) log.push(JSON.parse(line) as LogLine)
    })
    const url = await new Promise<string>((ready, failed) => {
      const fail = (why: string) => failed(new Error(`The server ${why}.\n${lastWords()}`))
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        fail(`was not ready within ${START_TIMEOUT_MS} ms`)
      }, START_TIMEOUT_MS)
      createInterface({ input: child.stdout }).on('line', (line) => {
        const address = READY.exec(line)?.[1]
        if (address !== undefined) ready(address)
      })
      child.once('exit', (code, signal) => fail(`ended (${code ?? signal})`))
      child.once('exit', () => clearTimeout(timer))
      child.stdout.once('data', () => clearTimeout(timer))
    })
    running = { child, url }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = running?.child
    running = undefined
    if (!ending?.pid || ending.exitCode !== null || ending.signalCode !== null) return
    const gone = once(ending, 'exit')
    process.kill(signal === 'SIGKILL' ? -ending.pid : ending.pid, signal)
    await gone
  }

  /** `path` may also be a whole address, as tickets and views give it. */
  async function ask(method: string, path: string, { token, ...init }: RequestInit & Asker = {}): Promise<Response> {
    const { url } = alive()
    const headers = new Headers(init.headers)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    return fetch(new URL(path, url), { ...init, method, headers, redirect: 'manual' })
  }

  async function askJson<T>(method: string, path: string, body: unknown, asker: Asker): Promise<T> {
    const headers = { 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) }
    const response = await ask(method, path, { ...asker, ...sent })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  const read = (id: string, asker: Asker = {}) => askJson<OriginalView>('GET', `/v1/originals/${id}`, undefined, asker)

  const ticket = (request: UploadRequest, asker: Asker = {}) => askJson<Upload>('POST', '/v1/uploads', request, asker)

  const home = {
    folder,
    /** Every line of the server's log so far, over all its lives. */
    log,
    /** Where it listens now; each start takes another port, unless it is told one. */
    get url() {
      return alive().url
    },
    start,
    /** Asks it to stop, and waits until it has. */
    stop: () => end('SIGTERM'),
    /** Ends it with its decoders, without a warning. */
    kill: () => end('SIGKILL'),
    ask,
    ticket,
    /** Sends the bytes as the ticket says; the answer is the store's. */
    async send({ ticket }: Upload, bytes: Uint8Array, signal: AbortSignal | null = null): Promise<Response> {
      const file = new Blob([bytes as Uint8Array<ArrayBuffer>])
      const { url, method } = ticket
      if (method === 'PUT') return fetch(url, { method, headers: ticket.headers, body: file, signal })
      const form = new FormData()
      for (const [name, value] of Object.entries(ticket.fields)) form.set(name, value)
      form.set('file', file)
      return fetch(url, { method, body: form, signal })
    },
    /** The whole way of one upload; acknowledged by the store when it returns. */
    async upload(bytes: Uint8Array, request: Partial<UploadRequest> = {}, asker: Asker = {}): Promise<Upload> {
      const named = { filename: 'photo.jpg', contentType: 'image/jpeg', bytes: bytes.length, ...request }
      const upload = await ticket(named, asker)
      const response = await home.send(upload, bytes)
      if (!response.ok) throw new Error(`The store answered ${response.status} ${await response.text()}`)
      return upload
    },
    read,
    /** The original once every rendition is ready or has failed. */
    settled: (id: string, asker: Asker = {}) =>
      until(`${id} has settled`, async () => {
        const original = await read(id, asker)
        return original.state === 'queued' || original.state === 'rendering' ? undefined : original
      }),
    /** The bytes of a rendition, by its signed link. */
    async bytesOf(original: OriginalView, preset: string): Promise<Buffer<ArrayBuffer>> {
      const url = original.renditions.find((rendition) => rendition.preset === preset)?.url
      if (url === undefined) throw new Error(`${original.key} has no ${preset}.`)
      const response = await fetch(url)
      if (!response.ok) throw new Error(`${preset} of ${original.key}: ${response.status} ${await response.text()}`)
      return Buffer.from(await response.arrayBuffer())
    },
    /** Resolves when this many more sweeps have begun and ended; needs THUMBSMITH_LOG_LEVEL=debug. */
    async sweeps(count: number): Promise<LogLine[]> {
      const swept = () => log.filter(({ message }) => message === 'swept')
      // One that is under way may have begun too early.
      const before = swept().length + 1
      return until(`${count} sweeps are over`, async () => {
        const later = swept().slice(before)
        return later.length >= count ? later : undefined
      })
    },
    async close(): Promise<void> {
      await end('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await start()
  } catch (error) {
    await home.close()
    throw error
  }
  return home
}

const POLL_MS = 50
const WAIT_TIMEOUT_MS = 30_000

/** Asks until there is an answer, and gives it. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + WAIT_TIMEOUT_MS; ; ) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > end) throw new Error(`Waited ${WAIT_TIMEOUT_MS} ms in vain until ${what}.`)
    await new Promise((again) => setTimeout(again, POLL_MS))
  }
}

async function entriesOf(store: string): Promise<Dirent[]> {
  try {
    return await readdir(store, { recursive: true, withFileTypes: true })
  } catch (error) {
    // A folder inside may be removed while they are read.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && existsSync(store)) return entriesOf(store)
    throw error
  }
}

/** The plain files of a store, as paths below its folder and in order; without thumbsmith's own. */
export async function filesIn(store: string): Promise<string[]> {
  const entries = await entriesOf(store)
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(store, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('.thumbsmith'))
    .sort()
}
