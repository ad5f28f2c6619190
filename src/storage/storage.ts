// The storage port: what every store can do, and what all drivers share (keys, metadata, preconditions, errors).
import { ThumbsmithError } from '../errors.ts'
import type { Ticket, UploadPolicy } from '../ticket.ts'

/** One object's head. `etag` changes whenever the bytes do and is opaque; `metadata` keys are lower case, without any vendor prefix. */
export interface ObjectHead {
  key: string
  etag: string
  bytes: number
  contentType: string
  modified: Date
  metadata: Record<string, string>
}

export interface ObjectBody {
  head: ObjectHead
  stream: ReadableStream<Uint8Array>
}

/** Inclusive byte positions, as in an HTTP Range header. */
export interface ByteRange {
  start: number
  end: number
}

export interface GetOptions {
  range?: ByteRange | undefined
  /** Only if the object still has this etag; else `storage.precondition_failed`. */
  ifMatch?: string | undefined
}

export interface PutOptions {
  contentType: string
  metadata?: Record<string, string>
  /** `'*'`: only if nothing is there yet; else `storage.precondition_failed`. */
  ifNoneMatch?: '*' | undefined
  /** Only if the object has this etag; else `storage.precondition_failed`. */
  ifMatch?: string | undefined
}

export interface ListOptions {
  prefix?: string
  /** Only keys after this one, in UTF-8 byte order. */
  after?: string
  /** At most this many keys; default 1,000. */
  limit?: number
}

export interface DownloadOptions {
  expiresInSeconds: number
  /** Sent back as Content-Disposition: a person's file name, or shown in place. */
  disposition?: { type: 'inline' | 'attachment'; filename: string }
  /** Names the bytes under the key. Links to two versions must differ, even of one moment: browsers keep what a link led to. */
  version?: string
}

export interface StoreEvent {
  kind: 'created' | 'removed'
  key: string
}

/**
 * A store of objects under opaque UTF-8 keys of 1 to 1,024 bytes. Reads see whole objects only; `undefined` means an authoritative
 * "not there". Every method may throw `storage.unavailable` (try later), `storage.full` and `key.invalid`.
 */
export interface Storage {
  /** Where it is, for people; never holds a secret. */
  readonly url: string
  head(key: string): Promise<ObjectHead | undefined>
  get(key: string, options?: GetOptions): Promise<ObjectBody | undefined>
  /** Whole or not at all, and durable when it returns. */
  put(key: string, body: Uint8Array | ReadableStream<Uint8Array>, options: PutOptions): Promise<ObjectHead>
  /** Deleting what is not there is no error. With `ifMatch`, only that version goes. */
  delete(key: string, options?: { ifMatch?: string | undefined }): Promise<void>
  /** In UTF-8 byte order of the keys. Heads of a listing may lack `metadata` and the exact `contentType`. */
  list(options?: ListOptions): Promise<ObjectHead[]>
  signUpload(policy: UploadPolicy): Promise<Ticket>
  /** A URL; one that begins with `/` is to be read against the API's own origin. */
  signDownload(key: string, options: DownloadOptions): Promise<string>
  /** Tells of objects that others create or remove; absent where the store cannot. Returns how to stop. */
  watch?(onEvent: (event: StoreEvent) => void): Promise<() => Promise<void>>
  close?(): Promise<void>
}

export const KEY_MAX_BYTES = 1024
const METADATA_MAX_BYTES = 2048
const encoder = new TextEncoder()

/** Throws `key.invalid` unless the key is 1 to 1,024 bytes of well-formed UTF-8 without NUL. */
export function checkKey(key: string): void {
  const refuse = (why: string, mend: string) => {
    throw new ThumbsmithError('key.invalid', `The key ${JSON.stringify(key.slice(0, 80))} ${why}. ${mend}`)
  }
  if (key === '') refuse('is empty', 'Give it a name.')
  if (!key.isWellFormed()) refuse('is not well-formed Unicode', 'Remove the lone surrogate.')
  if (key.includes('\0')) refuse('holds a NUL character', 'Remove it.')
  const bytes = encoder.encode(key).length
  if (bytes > KEY_MAX_BYTES) refuse(`has ${bytes} bytes`, `At most ${KEY_MAX_BYTES} are possible.`)
}

/** Throws `request.invalid` unless every name and value can travel as an HTTP header, 2 KB in all (S3's limit). */
export function checkMetadata(metadata: Record<string, string>): void {
  let bytes = 0
  for (const [name, value] of Object.entries(metadata)) {
    bytes += name.length + value.length
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name) || !/^[\x20-\x7e]*$/.test(value) || value !== value.trim())
      throw new ThumbsmithError(
        'request.invalid',
        `The metadata ${JSON.stringify(name)} cannot travel as an HTTP header.`,
      )
  }
  if (bytes > METADATA_MAX_BYTES)
    throw new ThumbsmithError(
      'request.invalid',
      `The metadata has ${bytes} bytes; at most ${METADATA_MAX_BYTES} are possible.`,
    )
}

/** The header that names a download (RFC 6266): plain for old readers, and exactly. Neither can hold a line break or end its quotes. */
export function contentDisposition({ type, filename }: NonNullable<DownloadOptions['disposition']>): string {
  const plain = filename.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%;]/g, '_')
  const exact = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${type}; filename="${plain}"; filename*=UTF-8''${exact}`
}

/** UTF-8 byte order, the order in which S3 lists keys (JavaScript's own order differs above U+FFFF). */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/**
 * The whole body, or `image.too_many_bytes` as soon as it is longer than `maxBytes`. Where its length is known, the pieces are copied as
 * they come: kept to the end, they would each live long enough to cost a collection of the whole heap.
 */
export async function readAll(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  expectedBytes = 0,
): Promise<Uint8Array> {
  let all = Buffer.allocUnsafeSlow(Math.min(expectedBytes, maxBytes))
  let bytes = 0
  for await (const chunk of stream) {
    if (bytes + chunk.length > maxBytes) throw new ThumbsmithError('image.too_many_bytes')
    if (bytes + chunk.length > all.length)
      all = Buffer.concat([all.subarray(0, bytes)], Math.min(maxBytes, 2 * (bytes + chunk.length)))
    all.set(chunk, bytes)
    bytes += chunk.length
  }
  return all.subarray(0, bytes)
}

/** All heads under a prefix, page by page. */
export async function* listAll(
  storage: Storage,
  options: { prefix?: string; after?: string } = {},
): AsyncGenerator<ObjectHead> {
  let after = options.after
  for (;;) {
    const page = await storage.list({ ...options, ...(after === undefined ? {} : { after }) })
    yield* page
    const last = page.at(-1)
    if (!last) return
    after = last.key
  }
}
