// A small typed client of the API, for other people's pages and Node programs: tickets, uploads, states.
import { ClientError, sendFile } from './client-send.ts'
import type { About, Edit, OriginalList, OriginalView, Problem, Upload, UploadRequest } from './http/schemas.ts'

export { ClientError } from './client-send.ts'
export type { About, Edit, OriginalList, OriginalView, RenditionView } from './http/schemas.ts'

export interface ClientOptions {
  /** Where thumbsmith is, e.g. `https://pictures.example.com`. */
  baseUrl: string
  /** Who asks, where the server wants to know: a token, or a function that gives a fresh one. */
  token?: string | (() => string | Promise<string>)
  fetch?: typeof fetch
}

export interface UploadOptions {
  filename: string
  /** By default the type that a `Blob` or `File` says it has. */
  contentType?: string
  title?: string
  /** Where the eye should rest, as fractions of width and height. */
  focus?: { x: number; y: number }
  /** The rule to upload under, where several offer uploads. */
  rule?: string
  /** Bytes sent so far, of all. Without XMLHttpRequest (in Node) it is called at the start and the end only. */
  onProgress?: (sentBytes: number, totalBytes: number) => void
  signal?: AbortSignal
}

export interface WaitOptions {
  /** Give up after so long; 120 by default. */
  timeoutSeconds?: number
  onChange?: (original: OriginalView) => void
  signal?: AbortSignal
}

export interface Client {
  about(): Promise<About>
  /** Sends the bytes straight to the store, by a ticket. The renditions are made after this: see `waitUntilSettled`. */
  upload(bytes: Blob | Uint8Array<ArrayBuffer>, options: UploadOptions): Promise<OriginalView>
  get(id: string): Promise<OriginalView>
  /** Newest first; `next` of one page is the `cursor` of the next. */
  list(options?: { cursor?: string; limit?: number }): Promise<OriginalList>
  edit(id: string, edit: Edit): Promise<OriginalView>
  retry(id: string): Promise<OriginalView>
  remove(id: string): Promise<void>
  /** Resolves with the original once every rendition is ready or has failed. */
  waitUntilSettled(id: string, options?: WaitOptions): Promise<OriginalView>
}

const TRIES = 4
const WAIT_MAX_SECONDS = 30
const TIMEOUT_SECONDS = 120

export function thumbsmithClient(options: ClientOptions): Client {
  const base = options.baseUrl.replace(/\/+$/, '')
  const doFetch = options.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request))

  /** Where the server says "not now" it also says when. */
  async function ask(method: string, path: string, init: Ask = {}): Promise<Response> {
    const headers: Record<string, string> = { ...init.headers }
    const token = typeof options.token === 'function' ? await options.token() : options.token
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    if (init.body !== undefined) headers['content-type'] = 'application/json'
    for (let tries = 1; ; tries++) {
      const body = init.body === undefined ? null : JSON.stringify(init.body)
      const response = await doFetch(`${base}${path}`, { method, headers, body, signal: init.signal ?? null })
      if (response.ok || response.status === 304) return response
      const error = await errorOf(response)
      if ((response.status !== 429 && response.status !== 503) || tries === TRIES) throw error
      await pause(retryAfterSeconds(response) ?? tries, init.signal)
    }
  }
  const askJson = async <T>(method: string, path: string, init?: Ask): Promise<T> =>
    (await (await ask(method, path, init)).json()) as T

  return {
    about: () => askJson('GET', '/v1/about'),
    async upload(bytes, { filename, contentType, title, focus, rule, onProgress, signal }) {
      const type = contentType ?? (bytes instanceof Blob ? bytes.type : '')
      const file = bytes instanceof Blob ? bytes : new Blob([bytes], { type })
      const request: UploadRequest = { filename, contentType: type, bytes: file.size }
      if (title !== undefined) request.title = title
      if (focus !== undefined) request.focus = focus
      if (rule !== undefined) request.rule = rule
      const { id, ticket } = await askJson<Upload>('POST', '/v1/uploads', { body: request, signal })
      await sendFile(doFetch, ticket, file, onProgress, signal)
      return askJson('POST', `/v1/originals/${id}/complete`, { signal })
    },
    get: (id) => askJson('GET', `/v1/originals/${id}`),
    list({ cursor, limit } = {}) {
      const query = new URLSearchParams()
      if (cursor !== undefined) query.set('cursor', cursor)
      if (limit !== undefined) query.set('limit', String(limit))
      return askJson('GET', `/v1/originals?${query.toString()}`)
    },
    edit: (id, edit) => askJson('PATCH', `/v1/originals/${id}`, { body: edit }),
    retry: (id) => askJson('POST', `/v1/originals/${id}/retry`),
    async remove(id) {
      await ask('DELETE', `/v1/originals/${id}`)
    },
    async waitUntilSettled(id, { timeoutSeconds = TIMEOUT_SECONDS, onChange, signal } = {}) {
      const deadline = Date.now() + timeoutSeconds * 1000
      let etag: string | null = null
      for (;;) {
        const response = await ask('GET', `/v1/originals/${id}`, {
          signal,
          headers: etag ? { 'if-none-match': etag } : {},
        })
        if (response.status !== 304) {
          etag = response.headers.get('etag')
          const original = (await response.json()) as OriginalView
          onChange?.(original)
          if (original.state !== 'queued' && original.state !== 'rendering') return original
        }
        if (Date.now() >= deadline) throw new Error(`The renditions were not ready within ${timeoutSeconds} s.`)
        await pause(retryAfterSeconds(response) ?? 1, signal)
      }
    },
  }
}

interface Ask {
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

async function errorOf(response: Response): Promise<ClientError> {
  const text = await response.text()
  try {
    return new ClientError(response.status, JSON.parse(text) as Problem)
  } catch {
    return new ClientError(response.status, {})
  }
}

function retryAfterSeconds(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? Math.min(seconds, WAIT_MAX_SECONDS) : undefined
}

function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, seconds * 1000)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}
