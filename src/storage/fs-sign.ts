// The signatures with which a folder does what a bucket does: tickets shaped like S3's POST policy, and download links.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { ThumbsmithError } from '../errors.ts'
import { idOfKey } from '../original.ts'
import type { Ticket, UploadPolicy } from '../ticket.ts'
import { checkKey, checkMetadata, type DownloadOptions } from './storage.ts'

const METADATA_PREFIX = 'x-amz-meta-'
const POLICY = 'policy'
const SIGNATURE = 'x-thumbsmith-signature'

/** As in S3: an object names a field and its exact value; the array is the range of the length, in bytes. */
const policySchema = z.object({
  expiration: z.iso.datetime(),
  conditions: z.array(
    z.union([z.record(z.string(), z.string()), z.tuple([z.literal('content-length-range'), z.int(), z.int()])]),
  ),
})

/** What a ticket that was verified allows: this object, once. */
export interface Grant {
  key: string
  contentType: string
  metadata: Record<string, string>
  minBytes: number
  maxBytes: number
}

export interface Signer {
  signUpload(policy: UploadPolicy): Ticket
  /** Throws `ticket.expired`, or `ticket.refused` naming the field. */
  verifyPost(fields: Iterable<[string, string]>): Grant
  verifyPut(key: string, query: URLSearchParams, headers: Headers): Grant
  signDownload(key: string, options: DownloadOptions): string
  /** Throws `link.expired` or `link.refused`. */
  verifyDownload(key: string, query: URLSearchParams): DownloadOptions
}

/** Signs for the store that is served at `/blobs/{name}`. `now` gives milliseconds since 1970. */
export function fsSigner(name: string, secret: Uint8Array, now: () => number): Signer {
  const sign = (...parts: string[]) =>
    createHmac('sha256', secret)
      .update(JSON.stringify([name, ...parts]))
      .digest('base64url')
  const isSigned = (signature: string, ...parts: string[]) => {
    const expected = Buffer.from(sign(...parts))
    const given = Buffer.from(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }

  /** `given` holds every field that came, by its lower-case name, but for the policy and the signature. */
  function verifyUpload(
    method: Ticket['method'],
    policy: string,
    signature: string,
    given: Map<string, string>,
  ): Grant {
    if (!isSigned(signature, method, policy))
      throw new ThumbsmithError('ticket.refused', 'The signature of the ticket is not valid.')
    const { expiration, conditions } = policySchema.parse(JSON.parse(Buffer.from(policy, 'base64').toString('utf8')))
    if (now() >= Date.parse(expiration)) throw new ThumbsmithError('ticket.expired')
    const grant: Grant = { key: '', contentType: '', metadata: {}, minBytes: 0, maxBytes: 0 }
    const left = new Map(given)
    for (const condition of conditions) {
      if (Array.isArray(condition)) [, grant.minBytes, grant.maxBytes] = condition
      else for (const [field, value] of Object.entries(condition)) takeField(field, value, left, grant)
    }
    for (const field of left.keys()) throw refused(field, 'is not part of the ticket')
    return grant
  }

  return {
    signUpload(policy) {
      checkPolicy(policy)
      const expiresAt = new Date(now() + policy.expiresInSeconds * 1000).toISOString()
      const headers = {
        'Content-Type': policy.contentType,
        ...Object.fromEntries(Object.entries(policy.metadata).map(([name, value]) => [METADATA_PREFIX + name, value])),
      }
      const exact = { key: policy.key, ...headers }
      const range = policy.method === 'PUT' ? [policy.bytes, policy.bytes] : [policy.minBytes, policy.maxBytes]
      const conditions = [
        ...Object.entries(exact).map(([field, value]) => ({ [field]: value })),
        ['content-length-range', ...range],
      ]
      const document = Buffer.from(JSON.stringify({ expiration: expiresAt, conditions })).toString('base64')
      const proof = { [POLICY]: document, [SIGNATURE]: sign(policy.method, document) }
      if (policy.method === 'POST')
        return { method: 'POST', url: `/blobs/${name}`, fields: { ...exact, ...proof }, expiresAt }
      const url = `/blobs/${name}/${idOfKey(policy.key)}?${new URLSearchParams(proof).toString()}`
      return { method: 'PUT', url, headers: { ...headers, 'Content-Length': String(policy.bytes) }, expiresAt }
    },

    verifyPost(fields) {
      const given = new Map<string, string>()
      for (const [field, value] of fields) {
        if (given.has(field.toLowerCase())) throw refused(field, 'came twice')
        given.set(field.toLowerCase(), value)
      }
      const take = (field: string) => {
        const value = given.get(field)
        if (value === undefined) throw refused(field, 'is missing')
        given.delete(field)
        return value
      }
      return verifyUpload('POST', take(POLICY), take(SIGNATURE), given)
    },

    verifyPut(key, query, headers) {
      const given = new Map([...headers].filter(([header]) => header === 'content-type' || header.startsWith('x-amz-')))
      given.set('key', key)
      const grant = verifyUpload('PUT', query.get(POLICY) ?? '', query.get(SIGNATURE) ?? '', given)
      const length = headers.get('content-length')
      if (length !== null && Number(length) > grant.maxBytes) throw new ThumbsmithError('ticket.too_large')
      if (length !== null && Number(length) < grant.minBytes) throw new ThumbsmithError('ticket.too_small')
      return grant
    },

    signDownload(key, { expiresInSeconds, disposition, version }) {
      checkKey(key)
      const expires = String(Math.ceil(now() / 1000 + expiresInSeconds))
      const query = new URLSearchParams({ e: expires })
      if (disposition) query.set('d', disposition.type)
      if (disposition) query.set('f', disposition.filename.toWellFormed())
      query.set('s', sign('GET', key, expires, query.get('d') ?? '', query.get('f') ?? ''))
      // Allows nothing, so it need not be signed.
      if (version) query.set('v', version)
      return `/blobs/${name}/${idOfKey(key)}?${query.toString()}`
    },

    verifyDownload(key, query) {
      const [expires, type, filename] = [query.get('e') ?? '', query.get('d') ?? '', query.get('f') ?? '']
      if (!isSigned(query.get('s') ?? '', 'GET', key, expires, type, filename))
        throw new ThumbsmithError('link.refused')
      const expiresInSeconds = Number(expires) - now() / 1000
      if (expiresInSeconds <= 0) throw new ThumbsmithError('link.expired')
      return type === 'inline' || type === 'attachment'
        ? { expiresInSeconds, disposition: { type, filename } }
        : { expiresInSeconds }
    },
  }
}

function checkPolicy(policy: UploadPolicy): void {
  checkKey(policy.key)
  checkMetadata(policy.metadata)
  if (!/^[\x21-\x7e][\x20-\x7e]*$/.test(policy.contentType))
    throw new ThumbsmithError('request.invalid', 'The content type cannot travel as an HTTP header.')
  if (policy.method === 'PUT' && policy.bytes === undefined)
    throw new ThumbsmithError('request.invalid', 'A PUT ticket needs the exact length of the file.')
}

function takeField(field: string, value: string, left: Map<string, string>, grant: Grant): void {
  const name = field.toLowerCase()
  const given = left.get(name)
  if (given === undefined) throw refused(field, 'is missing')
  if (given !== value) throw refused(field, 'does not match its ticket')
  left.delete(name)
  if (name === 'key') grant.key = value
  else if (name === 'content-type') grant.contentType = value
  else if (name.startsWith(METADATA_PREFIX)) grant.metadata[name.slice(METADATA_PREFIX.length)] = value
}

function refused(field: string, why: string): ThumbsmithError {
  return new ThumbsmithError('ticket.refused', `The field ${JSON.stringify(field.slice(0, 80))} ${why}.`)
}
