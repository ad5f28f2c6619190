// What both ways of speaking to a bucket share: their times and limits, and how S3 has keys, ranges, etags and metadata written.
import { ThumbsmithError } from '../errors.ts'
import type { S3Location } from './s3-url.ts'
import { checkKey, KEY_MAX_BYTES, type ObjectHead } from './storage.ts'

/** Without a word for this long, a call is made anew: one answer that is lost must not cost what was rendered. */
export const ANSWER_TIMEOUT_MS = 4_000
/** The body of an object takes as long as its reader does, but not a silence of this length. */
export const SILENCE_MS = 15_000
export const SOCKETS_MAX = 128
/** What is larger may take its time on a slow line. */
export const PROMPT_MAX_BYTES = 1024 * 1024
/** A bucket that answered this short a time ago is there. */
export const SEEN_MS = 5_000
/** All tries of one call together. */
export const TRIES = 3

/** The key in the bucket. Throws `key.invalid`. */
export function fullKey({ prefix }: Pick<S3Location, 'prefix'>, key: string): string {
  checkKey(key)
  const bytes = Buffer.byteLength(prefix + key)
  if (bytes > KEY_MAX_BYTES)
    throw new ThumbsmithError(
      'key.invalid',
      `The key has ${bytes} bytes with the store's prefix. At most ${KEY_MAX_BYTES} are possible.`,
    )
  return prefix + key
}

/** Throws `request.invalid` for a range that holds no byte. */
export function rangeOf(range: { start: number; end: number } | undefined): { Range?: string } {
  if (!range) return {}
  if (!(Number.isSafeInteger(range.start) && range.start >= 0 && range.start <= range.end))
    throw new ThumbsmithError('request.invalid', `The range ${range.start}-${range.end} holds no byte.`)
  return { Range: `bytes=${range.start}-${range.end}` }
}

export const bareEtag = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '')
/** As the condition headers want it. */
export const quotedEtag = (etag: string): string => `"${etag}"`

export interface Answer {
  ETag?: string | undefined
  ContentLength?: number | undefined
  ContentType?: string | undefined
  LastModified?: Date | undefined
  Metadata?: Record<string, string> | undefined
}

export const headOf = (key: string, answer: Answer): ObjectHead => ({
  key,
  etag: bareEtag(answer.ETag),
  bytes: answer.ContentLength ?? 0,
  contentType: answer.ContentType ?? 'application/octet-stream',
  modified: answer.LastModified ?? new Date(0),
  metadata: answer.Metadata ?? {},
})
