// Uploading: Uppy sends the bytes by ticket, a few files at a time, and the server is told when each is there.
import AwsS3, { type AwsBody } from '@uppy/aws-s3'
import Uppy, { type UppyFile } from '@uppy/core'
import { completeUpload, createUpload, persist, toApiError } from './api.ts'
import { receive } from './gallery.ts'
import type { Sending, Staged } from './state.ts'
import { say, store } from './store.ts'
import { words } from './words.ts'

/** HTTP/1.1 gives a page six connections to a server: one is held by the live feed, one stays free for everything else. */
const AT_ONCE = 4
const TICKET_TRIES = 4
const COMPLETE_TRIES = 6

/** `relativePath` makes Uppy's own ids differ, so that the same file may be uploaded twice. */
type UploadMeta = { relativePath: string }
type UploadFile = UppyFile<UploadMeta, AwsBody>

const uppy = new Uppy<UploadMeta, AwsBody>({ autoProceed: true })
const uppyIds = new Map<string, string>()

function patch(id: string, change: Partial<Sending>): void {
  store.set(({ sending }) => ({ sending: sending.map((item) => (item.id === id ? { ...item, ...change } : item)) }))
}

function find(id: string): Sending | undefined {
  return store.get().sending.find((item) => item.id === id)
}

uppy.use(AwsS3<UploadMeta, AwsBody>, {
  limit: AT_ONCE,
  shouldUseMultipart: false,
  generateObjectKey: (file) => file.meta.relativePath,
  /** The key asked for is our own id of the file: the server names the original, and gives a new ticket for every try. */
  async signRequest({ key: id }) {
    const item = find(id)
    if (!item) throw new DOMException('Cancelled', 'AbortError')
    patch(id, { phase: 'sending', sentBytes: 0, problem: undefined })
    const { file, contentType, title } = item
    const upload = await persist(TICKET_TRIES, () =>
      createUpload({ filename: file.name || 'image', contentType, bytes: file.size, ...(title && { title }) }),
    )
    patch(id, { originalId: upload.id })
    const preview = find(id)?.preview
    if (preview) store.set(({ previews }) => ({ previews: { ...previews, [upload.id]: preview } }))
    const { ticket } = upload
    const url = new URL(ticket.url, location.href).href
    return ticket.method === 'POST' ? { url, fields: ticket.fields } : { url, headers: ticket.headers }
  },
})

uppy.on('upload-progress', (file, progress) => {
  if (file) patch(file.meta.relativePath, { sentBytes: progress.bytesUploaded || 0 })
})

uppy.on('upload-success', (file) => {
  if (file) void finish(file.meta.relativePath)
})

uppy.on('upload-error', (file, error) => {
  if (!file) return
  // A lost answer makes Uppy send again, and a ticket is good only once: the first sending may have arrived.
  if (statusOf(error) === 412) void finish(file.meta.relativePath)
  else patch(file.meta.relativePath, { phase: 'failed', problem: sentenceOf(error) })
})

async function finish(id: string): Promise<void> {
  const item = find(id)
  if (item?.originalId === undefined) return
  patch(id, { phase: 'finishing', sentBytes: item.file.size })
  try {
    const original = await persist(COMPLETE_TRIES, () => completeUpload(item.originalId ?? ''))
    forget(id)
    receive([{ type: 'original', original }])
  } catch (thrown) {
    patch(id, { phase: 'failed', problem: toApiError(thrown).message })
  }
}

function forget(id: string): void {
  const uppyId = uppyIds.get(id)
  if (uppyId !== undefined && (uppy.getFile(uppyId) as UploadFile | undefined)) uppy.removeFile(uppyId)
  uppyIds.delete(id)
  store.set(({ sending }) => ({ sending: sending.filter((item) => item.id !== id) }))
}

export function startUploads(staged: Staged[]): void {
  if (staged.length === 0) return
  const sending = staged.map((item): Sending => ({ ...item, phase: 'waiting', sentBytes: 0 }))
  store.set((state) => ({ sending: [...sending, ...state.sending] }))
  say(words.upload.started(staged.length))
  // The list shows the newest first: sent from the last to the first, they come to stand in the order in which they were dropped.
  for (const { id, file, contentType } of staged.toReversed())
    uppyIds.set(
      id,
      uppy.addFile({ name: file.name || 'image', type: contentType, data: file, meta: { relativePath: id } }),
    )
}

export function retryUpload(id: string): void {
  const uppyId = uppyIds.get(id)
  patch(id, { phase: 'waiting', sentBytes: 0, problem: undefined, originalId: undefined })
  // A failure is kept by Uppy with the file; here it is told through `upload-error`.
  if (uppyId !== undefined) uppy.retryUpload(uppyId).catch(() => {})
}

/** Stops an upload that is under way, or drops one that failed. */
export const cancelUpload = forget

/** An error of the store (S3's XML, or a problem document of our own), of a ticket, or of the connection. */
function sentenceOf(error: { name: string; message: string }): string {
  const status = statusOf(error)
  const body = 'body' in error && typeof error.body === 'string' ? error.body : ''
  if (error.name === 'ApiError') return error.message
  if (status === undefined || status === 0) return words.errors.connectionLost
  const detail = /"detail"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1]
  if (detail !== undefined) return JSON.parse(`"${detail}"`)
  if (status === 413 || body.includes('EntityTooLarge')) return words.errors.tooBigForStore
  return status < 500 ? words.errors.refused : words.errors.server
}

function statusOf(error: object): number | undefined {
  return 'status' in error && typeof error.status === 'number' ? error.status : undefined
}

/** What failed because the connection was gone goes on when it is back. */
export function resumeUploads(): void {
  for (const item of store.get().sending)
    if (item.phase === 'failed' && item.problem === words.errors.connectionLost) retryUpload(item.id)
}

export function isUploading(): boolean {
  return store.get().sending.some((item) => item.phase !== 'failed')
}
