// Sends files by ticket through Uppy, a few at a time, with retries. In a file of its own, which is fetched only when it is needed.
import AwsS3, { type AwsBody } from '@uppy/aws-s3'
import Uppy from '@uppy/core'

/** HTTP/1.1 gives a page six connections to a server: one is held by the live feed, one stays free for everything else. */
const AT_ONCE = 4

/** What goes with a ticket: form fields for a POST, headers for a PUT. */
export interface Destination {
  url: string
  fields?: Record<string, string>
  headers?: Record<string, string>
}

export interface SenderEvents {
  /** Asked for before every sending, a repeated one too. */
  destinationFor(id: string): Promise<Destination>
  progress(id: string, sentBytes: number): void
  sent(id: string): void
  /** Trying again did not help. */
  failed(id: string, error: Error): void
}

export interface Sender {
  /** Begins to send as soon as there is room; one that failed is tried again. */
  send(id: string, file: File, contentType: string): void
  /** Forgets the file, and stops sending it. */
  drop(id: string): void
}

/** `relativePath` makes Uppy's own ids differ, so that the same file may be sent twice. */
type UploadMeta = { relativePath: string }

export function openSender(events: SenderEvents): Sender {
  const uppyIds = new Map<string, string>()
  const uppy = new Uppy<UploadMeta, AwsBody>({ autoProceed: true })
  uppy.use(AwsS3<UploadMeta, AwsBody>, {
    limit: AT_ONCE,
    shouldUseMultipart: false,
    // The server names the object: the key that Uppy asks a signature for is our own id of the file.
    generateObjectKey: (file) => file.meta.relativePath,
    signRequest: ({ key }) => events.destinationFor(key),
  })
  uppy.on('upload-progress', (file, progress) => {
    if (file) events.progress(file.meta.relativePath, progress.bytesUploaded || 0)
  })
  uppy.on('upload-success', (file) => {
    if (file) events.sent(file.meta.relativePath)
  })
  uppy.on('upload-error', (file, error) => {
    if (file) events.failed(file.meta.relativePath, error)
  })
  return {
    send(id, data, type) {
      const known = uppyIds.get(id)
      // That it failed once more is told through `upload-error`.
      if (known !== undefined) void uppy.retryUpload(known).catch(() => {})
      else uppyIds.set(id, uppy.addFile({ name: data.name || 'image', type, data, meta: { relativePath: id } }))
    },
    drop(id) {
      const known = uppyIds.get(id)
      if (known !== undefined) uppy.removeFile(known)
      uppyIds.delete(id)
    },
  }
}
