// Sending a stored object to a browser: in part or not at all where that will do, and so that nothing in it can run.
import type { Context } from 'hono'
import { ThumbsmithError } from '../errors.ts'
import { MARK } from '../original.ts'
import { contentDisposition, type DownloadOptions, type ObjectHead } from '../storage/storage.ts'
import { parseRange } from './range.ts'
import { pictureResourcePolicy } from './security.ts'
import type { ApiEnv, Services, StoreName } from './services.ts'

/** What a browser shows and cannot run. Anything else is only ever saved. */
const PICTURES = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif'])

export const quoted = (etag: string): string => `"${etag.replaceAll('"', '')}"`

/** Sends an object, whole or in part, as a link allows. Throws `not_found`. */
export async function download(
  c: Context<ApiEnv>,
  services: Services,
  store: StoreName,
  key: string,
  allowed: DownloadOptions,
): Promise<Response> {
  const head = await services[store].head(key)
  if (!head) throw new ThumbsmithError('not_found')
  const etag = quoted(head.etag)
  const headers: Record<string, string> = {
    etag,
    'last-modified': head.modified.toUTCString(),
    'accept-ranges': 'bytes',
    'cache-control': `private, max-age=${Math.floor(allowed.expiresInSeconds)}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': pictureResourcePolicy(services.origins),
  }
  const known = c.req.header('if-none-match')?.split(',') ?? []
  if (known.some((tag) => tag.trim().replace(/^W\//, '') === etag)) return c.body(null, 304, headers)
  headers['content-type'] = PICTURES.has(head.contentType) ? head.contentType : 'application/octet-stream'
  headers['content-disposition'] = dispositionOf(store, head, allowed)

  const condition = c.req.header('if-range')
  const isCurrent = condition === undefined || condition === etag
  const range = isCurrent ? parseRange(c.req.header('range'), head.bytes) : undefined
  if (range === 'unsatisfiable') return c.body(null, 416, { ...headers, 'content-range': `bytes */${head.bytes}` })
  headers['content-length'] = String(range ? range.end - range.start + 1 : head.bytes)
  if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${head.bytes}`
  const status = range ? 206 : 200
  if (c.req.method === 'HEAD') return c.body(null, status, headers)
  try {
    const body = await services[store].get(key, { ...(range && { range }), ifMatch: head.etag })
    if (!body) throw new ThumbsmithError('not_found')
    return c.body(body.stream, status, headers)
  } catch (error) {
    if (!(error instanceof ThumbsmithError) || error.code !== 'storage.precondition_failed') throw error
    // Replaced between the two looks: what is there now has other headers.
    return download(c, services, store, key, allowed)
  }
}

/** An original is never shown in place: its bytes are whatever somebody sent. A rendition that stands beside it carries our mark. */
function dispositionOf(store: StoreName, head: ObjectHead, { disposition }: DownloadOptions): string {
  const isRendition = store === 'renditions' || head.metadata[MARK] !== undefined
  const inline = disposition?.type === 'inline' && isRendition && PICTURES.has(head.contentType)
  const filename = disposition?.filename ?? head.key.slice(head.key.lastIndexOf('/') + 1)
  return contentDisposition({ type: inline ? 'inline' : 'attachment', filename })
}
