// The signed uploads and downloads of stores that this process serves itself: what a bucket's own address does for the others.
import type { Context } from 'hono'
import { ThumbsmithError } from '../errors.ts'
import { idOfKey, keyOfId } from '../original.ts'
import type { ObjectHead } from '../storage/storage.ts'
import { download, quoted } from './download.ts'
import { readForm } from './form.ts'
import type { Api, ApiEnv, Services, StoreName } from './services.ts'

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
