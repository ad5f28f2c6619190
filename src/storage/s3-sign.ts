// What clients get for a bucket: tickets that the store itself enforces to the letter, and links that end.
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { ThumbsmithError } from '../errors.ts'
import type { Ticket, UploadPolicy } from '../ticket.ts'
import type { Bucket } from './s3-client.ts'
import { checkMetadata, contentDisposition, type DownloadOptions } from './storage.ts'

const METADATA_PREFIX = 'x-amz-meta-'
const SIGNED = new Set(['content-type', 'content-length', 'if-none-match'])
const SIGNING = { what: 'sign links', permission: 's3:GetObject and s3:PutObject' }

/** A form whose policy names every field and its exact value; or a PUT whose signature covers every header, so that it works once. */
export async function signUpload(bucket: Bucket, policy: UploadPolicy): Promise<Ticket> {
  const key = bucket.full(policy.key)
  checkPolicy(policy)
  const expiresAt = new Date(Date.now() + policy.expiresInSeconds * 1000).toISOString()
  const headers = {
    'Content-Type': policy.contentType,
    ...Object.fromEntries(Object.entries(policy.metadata).map(([name, value]) => [METADATA_PREFIX + name, value])),
  }
  if (policy.method === 'PUT')
    return {
      method: 'PUT',
      url: await bucket.call(SIGNING, () => signPut(bucket, key, policy)),
      headers: { ...headers, 'Content-Length': String(policy.bytes), 'If-None-Match': '*' },
      expiresAt,
    }
  const { url, fields } = await bucket.call(SIGNING, () =>
    createPresignedPost(bucket.signingClient, {
      Bucket: bucket.name,
      Key: key,
      // The SDK adds a condition of equality for each field.
      Fields: headers,
      Conditions: [['content-length-range', policy.minBytes, policy.maxBytes]],
      Expires: policy.expiresInSeconds,
    }),
  )
  return { method: 'POST', url, fields, expiresAt }
}

function signPut(bucket: Bucket, key: string, policy: UploadPolicy): Promise<string> {
  const command = new PutObjectCommand({
    Bucket: bucket.name,
    Key: key,
    ContentType: policy.contentType,
    ContentLength: policy.bytes,
    Metadata: policy.metadata,
    IfNoneMatch: '*',
  })
  return getSignedUrl(bucket.signingClient, command, {
    expiresIn: policy.expiresInSeconds,
    signableHeaders: new Set([
      ...SIGNED,
      'host',
      ...Object.keys(policy.metadata).map((name) => METADATA_PREFIX + name),
    ]),
    // Else they would move into the address, where servers do not look for them.
    unhoistableHeaders: new Set(Object.keys(policy.metadata).map((name) => METADATA_PREFIX + name)),
  })
}

export function signDownload(bucket: Bucket, key: string, options: DownloadOptions): Promise<string> {
  const { expiresInSeconds, disposition, version } = options
  const command = new GetObjectCommand({
    Bucket: bucket.name,
    Key: bucket.full(key),
    ResponseCacheControl: `private, max-age=${Math.floor(expiresInSeconds)}`,
    ...(disposition && { ResponseContentDisposition: contentDisposition(disposition) }),
  })
  if (version)
    command.middlewareStack.add(
      (next) => (call) => {
        // S3 looks at none that begins with "x-"; the SDK itself adds such a one (`x-id`).
        Object.assign((call.request as { query: object }).query, { 'x-fingerprint': version })
        return next(call)
      },
      { step: 'build' },
    )
  return bucket.call(SIGNING, () => getSignedUrl(bucket.signingClient, command, { expiresIn: expiresInSeconds }))
}

function checkPolicy(policy: UploadPolicy): void {
  checkMetadata(policy.metadata)
  if (!/^[\x21-\x7e][\x20-\x7e]*$/.test(policy.contentType))
    throw new ThumbsmithError('request.invalid', 'The content type cannot travel as an HTTP header.')
  if (policy.method === 'PUT' && policy.bytes === undefined)
    throw new ThumbsmithError('request.invalid', 'A PUT ticket needs the exact length of the file.')
  // In a form, S3 puts the uploader's own file name in its place: the key would no longer be the ticket's.
  if (policy.method === 'POST' && /\$\{filename\}/.test(policy.key))
    throw new ThumbsmithError('key.invalid', 'The key holds a placeholder that S3 fills in by itself. Rename it.')
}
