// Uploads from the moment a person says so: a ticket for each, its bytes on their way, and the word to the server that they are there.
import { completeUpload, createUpload, persist, toApiError } from './api.ts'
import { receive } from './gallery.ts'
import type { Destination, Sender } from './sender.ts'
import type { Sending, Staged } from './state.ts'
import { say, store } from './store.ts'
import { words } from './words.ts'

const TICKET_TRIES = 4
const COMPLETE_TRIES = 6

let sender: Promise<Sender> | undefined

/** Uppy is more than half of this page's code, so it is fetched only when there is something to upload. */
export function loadSender(): Promise<Sender> {
  sender ??= import('./sender.ts')
    .then(({ openSender }) => openSender({ destinationFor, progress, sent, failed }))
    .catch((error) => {
      sender = undefined
      throw error
    })
  return sender
}

const progress = (id: string, sentBytes: number) => patch(id, { sentBytes })
const sent = (id: string) => void finish(id)

function failed(id: string, error: Error): void {
  // A lost answer makes Uppy send again, and a ticket is good only once: the first sending may have arrived.
  if (statusOf(error) === 412) void finish(id)
  else fail(id, sentenceOf(error), isCutOff(error))
}

function patch(id: string, change: Partial<Sending>): void {
  store.set(({ sending }) => ({ sending: sending.map((item) => (item.id === id ? { ...item, ...change } : item)) }))
}

function find(id: string): Sending | undefined {
  return store.get().sending.find((item) => item.id === id)
}

async function destinationFor(id: string): Promise<Destination> {
  const item = find(id)
  if (!item) throw new DOMException('Cancelled', 'AbortError')
  patch(id, { phase: 'sending', sentBytes: 0, problem: undefined })
  const { file, contentType, title, focus } = item
  const upload = await persist(TICKET_TRIES, () =>
    createUpload({
      filename: file.name || 'image',
      contentType,
      bytes: file.size,
      ...(title && { title }),
      ...(focus && { focus }),
    }),
  )
  patch(id, { originalId: upload.id })
  const preview = find(id)?.preview
  if (preview) store.set(({ previews }) => ({ previews: { ...previews, [upload.id]: preview } }))
  const { ticket } = upload
  const url = new URL(ticket.url, location.href).href
  return ticket.method === 'POST' ? { url, fields: ticket.fields } : { url, headers: ticket.headers }
}

async function finish(id: string): Promise<void> {
  const item = find(id)
  if (item?.originalId === undefined) return
  patch(id, { phase: 'finishing', sentBytes: item.file.size })
  try {
    const original = await persist(COMPLETE_TRIES, () => completeUpload(item.originalId ?? ''))
    forget(id)
    receive([{ type: 'original', original }])
  } catch (thrown) {
    const error = toApiError(thrown)
    patch(id, { arrived: error.status !== 404 })
    fail(id, error.message, isCutOff(error))
  }
}

function fail(id: string, problem: string, cutOff: boolean): void {
  patch(id, { phase: 'failed', problem, cutOff })
}

function forget(id: string): void {
  store.set(({ sending }) => ({ sending: sending.filter((item) => item.id !== id) }))
  void sender?.then((sender) => sender.drop(id))
}

export function startUploads(staged: Staged[]): void {
  if (staged.length === 0) return
  const sending = staged.map((item): Sending => ({ ...item, phase: 'waiting', sentBytes: 0 }))
  store.set((state) => ({ sending: [...sending, ...state.sending] }))
  say(words.upload.started(staged.length))
  // The list shows the newest first: sent from the last to the first, they come to stand in the order in which they were dropped.
  void sendAll(staged.map((item) => item.id).toReversed())
}

export function retryUpload(id: string): void {
  if (find(id)?.arrived) return void finish(id)
  patch(id, { phase: 'waiting', sentBytes: 0, problem: undefined, originalId: undefined })
  void sendAll([id])
}

async function sendAll(ids: string[]): Promise<void> {
  try {
    const loaded = await loadSender()
    for (const item of ids.map(find)) if (item) loaded.send(item.id, item.file, item.contentType)
  } catch {
    for (const id of ids) fail(id, words.errors.connectionLost, true)
  }
}

/** Stops an upload that is under way, or drops one that failed. */
export const cancelUpload = forget

/** An error of the store (S3's XML, or a problem document of our own), of a ticket, or of the connection. */
function sentenceOf(error: { name: string; message: string }): string {
  const status = statusOf(error)
  const body = 'body' in error && typeof error.body === 'string' ? error.body : ''
  if (error.name === 'ApiError') return error.message
  if (isCutOff(error)) return words.errors.connectionLost
  const detail = detailOf(body)
  if (detail !== undefined) return detail
  if (status === 413 || body.includes('EntityTooLarge')) return words.errors.tooBigForStore
  return status !== undefined && status < 500 ? words.errors.refused : words.errors.server
}

/** Where the store is our own, what it answers is a problem document. */
function detailOf(body: string): string | undefined {
  try {
    const { detail }: { detail?: unknown } = JSON.parse(body)
    return typeof detail === 'string' ? detail : undefined
  } catch {
    return undefined
  }
}

function isCutOff(error: object): boolean {
  return (statusOf(error) ?? 0) === 0
}

function statusOf(error: object): number | undefined {
  return 'status' in error && typeof error.status === 'number' ? error.status : undefined
}

/** What was cut off goes on when the connection is back. */
export function resumeUploads(): void {
  for (const item of store.get().sending) if (item.phase === 'failed' && item.cutOff) retryUpload(item.id)
}

export function isUploading(): boolean {
  return store.get().sending.some((item) => item.phase !== 'failed')
}
