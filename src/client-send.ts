// How the client sends one file to a store: as a form or plainly, with progress where the platform can tell it.
import type { Problem } from './http/schemas.ts'
import type { Ticket } from './ticket.ts'

/** An answer that is no success. `code` is stable; `message` is a sentence for people. */
export class ClientError extends Error {
  readonly status: number
  readonly code: string
  /** For `request.invalid`: which parts are wrong. */
  readonly errors: Problem['errors']

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`)
    this.name = 'ClientError'
    this.status = status
    this.code = problem.code ?? 'internal'
    this.errors = problem.errors
  }
}

/** Sends a file as its ticket says; throws what the store answered. */
export async function sendFile(
  doFetch: typeof fetch,
  ticket: Ticket,
  file: Blob,
  onProgress: ((sentBytes: number, totalBytes: number) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const headers = ticket.method === 'PUT' ? unforbidden(ticket.headers) : {}
  let body: Blob | FormData = file
  if (ticket.method === 'POST') {
    body = new FormData()
    for (const [name, value] of Object.entries(ticket.fields)) body.set(name, value)
    body.set('file', file)
  }
  const sendByXhr = onProgress && xhrSender()
  onProgress?.(0, file.size)
  const { status, text } = sendByXhr
    ? await sendByXhr({
        ticket,
        headers,
        body,
        signal,
        onProgress: (sent) => onProgress(Math.min(sent, file.size), file.size),
      })
    : await sendByFetch(doFetch, ticket, headers, body, signal)
  if (status < 200 || status >= 300) throw uploadError(status, text)
  onProgress?.(file.size, file.size)
}

async function sendByFetch(
  doFetch: typeof fetch,
  ticket: Ticket,
  headers: Record<string, string>,
  body: Blob | FormData,
  signal: AbortSignal | undefined,
): Promise<{ status: number; text: string }> {
  const response = await doFetch(ticket.url, { method: ticket.method, headers, body, signal: signal ?? null })
  return { status: response.status, text: await response.text() }
}

/** The length is part of the ticket, but only the browser itself may set it. */
function unforbidden(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length'))
}

/** As much of XMLHttpRequest as is used: the only way to learn of an upload's progress in a browser. */
interface Xhr {
  status: number
  responseText: string
  upload: { onprogress: ((event: { loaded: number }) => void) | null }
  onload: (() => void) | null
  onerror: (() => void) | null
  onabort: (() => void) | null
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  send(body: Blob | FormData): void
  abort(): void
}

interface XhrRequest {
  ticket: Ticket
  headers: Record<string, string>
  body: Blob | FormData
  signal: AbortSignal | undefined
  onProgress: (sentBytes: number) => void
}

function xhrSender(): ((request: XhrRequest) => Promise<{ status: number; text: string }>) | undefined {
  const { XMLHttpRequest } = globalThis as { XMLHttpRequest?: new () => Xhr }
  if (!XMLHttpRequest) return undefined
  return ({ ticket, headers, body, signal, onProgress }) =>
    new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest()
      xhr.open(ticket.method, ticket.url)
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
      xhr.upload.onprogress = ({ loaded }) => onProgress(loaded)
      xhr.onload = () => resolve({ status: xhr.status, text: xhr.responseText })
      xhr.onerror = () => reject(new TypeError('The upload broke off: the store cannot be reached.'))
      xhr.onabort = () => reject(signal?.reason)
      signal?.addEventListener('abort', () => xhr.abort(), { once: true })
      if (signal?.aborted) reject(signal.reason)
      else xhr.send(body)
    })
}

/** Stores answer in XML: S3's own, or ours, which also tells our code. */
function uploadError(status: number, text: string): ClientError {
  const part = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]
  const problem: Partial<Problem> = {}
  const code = part('Reason') ?? part('Code')
  const detail = part('Message')
  if (code !== undefined) problem.code = code
  if (detail !== undefined)
    problem.detail = detail.replace(/&#(\d+);/g, (_, digits) => String.fromCodePoint(Number(digits)))
  return new ClientError(status, problem)
}
