// The server's API as this page uses it: one function per route, and every failure as one kind of error.
import type { About, Edit, OriginalList, OriginalView, Problem, Upload, UploadRequest } from '../src/http/schemas.ts'
import { words } from './words.ts'

/** `code` is the server's stable one, or `network` where no answer came. `message` is for people. */
export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly retryAfterSeconds: number | undefined

  constructor(code: string, status: number, message: string, retryAfterSeconds?: number) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Any thrown value as an `ApiError`. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  return new ApiError('network', 0, words.errors.network)
}

/** An answer that is no success, as an error: problem documents speak for themselves, anything else by its status. */
export async function parseProblem(response: Response): Promise<ApiError> {
  const after = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfterSeconds = Number.isFinite(after) ? after : undefined
  try {
    const problem: Partial<Problem> = await response.json()
    if (typeof problem.code === 'string')
      return new ApiError(
        problem.code,
        response.status,
        problem.detail ?? problem.title ?? words.errors.server,
        retryAfterSeconds,
      )
  } catch {
    // Something between the server and us answered: there is no problem document.
  }
  const gone = response.status === 502 || response.status === 503 || response.status === 504
  return new ApiError(
    gone ? 'network' : 'internal',
    response.status,
    gone ? words.errors.network : words.errors.server,
    retryAfterSeconds,
  )
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      cache: 'no-store',
    })
  } catch (error) {
    throw toApiError(error)
  }
  if (response.ok || response.status === 304) return response
  throw await parseProblem(response)
}

const original = (id: string) => `/v1/originals/${id}`

export const readAbout = async (): Promise<About> => (await send('GET', '/v1/about')).json()

/** A page of the list, newest first. With `etag`: `undefined` where nothing changed since. */
export async function readList(options: {
  cursor?: string | undefined
  limit: number
  etag?: string | undefined
}): Promise<{ list: OriginalList; etag: string | undefined } | undefined> {
  const query = new URLSearchParams({ limit: String(options.limit) })
  if (options.cursor !== undefined) query.set('cursor', options.cursor)
  const response = await send(
    'GET',
    `/v1/originals?${query}`,
    undefined,
    options.etag === undefined ? {} : { 'if-none-match': options.etag },
  )
  if (response.status === 304) return undefined
  return { list: await response.json(), etag: response.headers.get('etag') ?? undefined }
}

export const readOriginal = async (id: string): Promise<OriginalView> => (await send('GET', original(id))).json()

export const createUpload = async (request: UploadRequest): Promise<Upload> =>
  (await send('POST', '/v1/uploads', request)).json()

export const completeUpload = async (id: string): Promise<OriginalView> =>
  (await send('POST', `${original(id)}/complete`)).json()

export const editOriginal = async (id: string, edit: Edit): Promise<OriginalView> =>
  (await send('PATCH', original(id), edit)).json()

export const retryOriginal = async (id: string): Promise<OriginalView> =>
  (await send('POST', `${original(id)}/retry`)).json()

/** What is gone already counts as removed. */
export async function removeOriginal(id: string): Promise<void> {
  try {
    await send('DELETE', original(id))
  } catch (error) {
    if (toApiError(error).status !== 404) throw error
  }
}

/**
 * Does it again, up to `tries` times in all, where the server asks to wait (429), is away or has trouble (5xx).
 * Waits as long as the server says, else 1 s, 2 s, 4 s …
 */
export async function persist<T>(tries: number, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (thrown) {
      const error = toApiError(thrown)
      const mayHelp = error.code === 'network' || error.status === 429 || error.status >= 500
      if (!mayHelp || error.code === 'storage.full' || attempt >= tries) throw error
      const seconds = Math.min(error.retryAfterSeconds ?? 2 ** (attempt - 1), 30)
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    }
  }
}
