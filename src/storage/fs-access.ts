// What the HTTP side of a folder store needs: taking in an upload under its ticket, and checking a download link.
import { ThumbsmithError } from '../errors.ts'
import type { Body } from './fs-durable.ts'
import type { Grant, Signer } from './fs-sign.ts'
import type { DownloadOptions, ObjectHead, PutOptions } from './storage.ts'

/**
 * Throws `ticket.expired`, `ticket.refused` (naming the field), `ticket.used`, `ticket.too_large` (as soon as one byte too many came;
 * the rest is not read) or `ticket.too_small`; nothing is stored then. A body that fails (a client that goes away) stores nothing either.
 */
export interface FsAccess {
  /** `fields`: every form field but the file, in whatever order, duplicates too. */
  acceptPost(fields: Iterable<[string, string]>, file: AsyncIterable<Uint8Array>): Promise<ObjectHead>
  acceptPut(key: string, query: URLSearchParams, headers: Headers, body: AsyncIterable<Uint8Array>): Promise<ObjectHead>
  /** What a link that `signDownload` made allows. Throws `link.expired` or `link.refused`. */
  verifyDownload(key: string, query: URLSearchParams): DownloadOptions
}

export function fsAccess(
  signer: Signer,
  put: (key: string, body: Body, options: PutOptions) => Promise<ObjectHead>,
): FsAccess {
  async function accept(grant: Grant, body: AsyncIterable<Uint8Array>): Promise<ObjectHead> {
    try {
      return await put(grant.key, withinRange(body, grant), { ...grant, ifNoneMatch: '*' })
    } catch (error) {
      if (error instanceof ThumbsmithError && error.code === 'storage.precondition_failed')
        throw new ThumbsmithError('ticket.used')
      throw error
    }
  }
  return {
    acceptPost: async (fields, file) => accept(signer.verifyPost(fields), file),
    acceptPut: async (key, query, headers, body) => accept(signer.verifyPut(key, query, headers), body),
    verifyDownload: (key, query) => signer.verifyDownload(key, query),
  }
}

async function* withinRange(
  body: AsyncIterable<Uint8Array>,
  { minBytes, maxBytes }: Grant,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes)
      throw new ThumbsmithError('ticket.too_large', `The file is larger than the ${maxBytes} bytes its ticket allows.`)
    yield chunk
  }
  if (bytes < minBytes)
    throw new ThumbsmithError('ticket.too_small', `The file is smaller than the ${minBytes} bytes its ticket asks for.`)
}
