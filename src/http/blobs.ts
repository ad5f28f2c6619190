// The signed uploads and downloads of stores that this process serves itself: what a bucket's own address does for the others.
import type { Context } from 'hono'
import { ThumbsmithError } from '../errors.ts'
import { idOfKey, keyOfId, MARK } from '../original.ts'
import type { DownloadOptions, ObjectHead } from '../storage/storage.ts'
import { readForm } from './form.ts'
import { parseRange } from './range.ts'
import { pictureResourcePolicy } from './security.ts'
import type { Api, ApiEnv, Services, StoreName } from './services.ts'

/** What a browser shows and cannot run. Anything else is only ever saved. */
const PICTURES = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif'])
const STATUS_FIELD = 'success_action_status'

export function blobRoutes(api: Api, services: Services): void {
  const { blobs = {} } = services
  for (const store of ['originals', 'renditions'] as const) {
    const served = blobs[store]
    if (!served) continue
    const { access, onStored } = served

    api.post(`/blobs/${store}`, (c) =>
      answerUpload(c, async () => {
        const { fields, result: head } = await readForm(c.req.raw, (fields, file) =>
          access.acceptPost(
            fields.filter(([name]) => name !== STATUS_FIELD),
            file,
          ),
        )
        onStored?.(head.key)
        return uploaded(c, store, head, fields.find(([name]) => name === STATUS_FIELD)?.[1])
      }),
    )

    api.put(`/blobs/${store}/:id`, (c) =>
      answerUpload(c, async () => {
        const body = c.req.raw.body ?? new Blob([]).stream()
        const key = keyOf(c.req.param('id'), 'ticket.refused')
        const head = await access.acceptPut(key, queryOf(c), c.req.raw.headers, body)
        onStored?.(head.key)
        return uploaded(c, store, head, '200')
      }),
    )

    // hono answers HEAD with what GET would say, without the body.
    api.get(`/blobs/${store}/:id`, async (c) => {
      const key = keyOf(c.req.param('id'), 'link.refused')
      const allowed = access.verifyDownload(key, queryOf(c))
      return download(c, services, store, key, allowed)
    })
  }
}

const queryOf = (c: Context<ApiEnv>): URLSearchParams => new URL(c.req.url).searchParams

function keyOf(id: string, code: 'ticket.refused' | 'link.refused'): string {
  const key = keyOfId(id)
  if (key === undefined) throw new ThumbsmithError(code)
  return key
}

/** As S3 answers, for what uploads to S3 must be able to upload here. */
function uploaded(c: Context<ApiEnv>, store: StoreName, head: ObjectHead, status: string | undefined): Response {
  const location = `${c.get('origin')}/blobs/${store}/${idOfKey(head.key)}`
  const headers = { etag: quoted(head.etag), location, 'cache-control': 'no-store' }
  if (status === '201')
    return c.body(
      xml('PostResponse', { Location: location, Bucket: store, Key: head.key, ETag: quoted(head.etag) }),
      201,
      { ...headers, 'content-type': 'application/xml' },
    )
  return c.body(null, status === '200' ? 200 : 204, headers)
}

/** Uploaders made for S3 read errors as S3's XML; the code and the sentence are ours. */
async function answerUpload(c: Context<ApiEnv>, accept: () => Promise<Response>): Promise<Response> {
  try {
    return await accept()
  } catch (thrown) {
    const error = c.req.raw.signal.aborted ? new ThumbsmithError('request.invalid', 'The upload broke off.') : thrown
    if (!(error instanceof ThumbsmithError) || error.status >= 500) throw error
    const body = xml('Error', {
      Code: S3_CODES[error.code] ?? 'InvalidRequest',
      Reason: error.code,
      Message: error.message,
    })
    return c.body(body, error.status as 400, { 'content-type': 'application/xml', 'cache-control': 'no-store' })
  }
}

const S3_CODES: Partial<Record<ThumbsmithError['code'], string>> = {
  'ticket.expired': 'AccessDenied',
  'ticket.refused': 'AccessDenied',
  'ticket.used': 'PreconditionFailed',
  'ticket.too_large': 'EntityTooLarge',
  'ticket.too_small': 'EntityTooSmall',
  'key.conflict': 'OperationAborted',
}

function xml(root: string, parts: Record<string, string>): string {
  const inner = Object.entries(parts).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${inner.join('')}</${root}>`
}

/** Characters that XML cannot hold at all are left out. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[<>&'"]/g, (char) => `&#${char.charCodeAt(0)};`)
}

const quoted = (etag: string): string => `"${etag.replaceAll('"', '')}"`

async function download(
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
  if (
    c.req
      .header('if-none-match')
      ?.split(',')
      .some((tag) => tag.trim().replace(/^W\//, '') === etag)
  )
    return c.body(null, 304, headers)
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
  return `${inline ? 'inline' : 'attachment'}; ${filenameParameters(filename)}`
}

/** RFC 6266: plain for old readers, and exactly. Neither can hold a line break or end its quotes. */
function filenameParameters(filename: string): string {
  const plain = filename.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%;]/g, '_')
  const exact = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `filename="${plain}"; filename*=UTF-8''${exact}`
}
