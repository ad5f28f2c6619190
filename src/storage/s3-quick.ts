// Plain requests to a bucket without the AWS SDK, whose first calls cost a starting process 100 ms of CPU: one try each, and what is not plainly answered is left to the SDK.
import { createHash } from 'node:crypto'
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import aws4 from 'aws4'
import { ThumbsmithError } from '../errors.ts'
import { streamOf } from './s3-body.ts'
import {
  ANSWER_TIMEOUT_MS,
  fullKey,
  headOf,
  PROMPT_MAX_BYTES,
  quotedEtag,
  rangeOf,
  SEEN_MS,
  SILENCE_MS,
  SOCKETS_MAX,
} from './s3-terms.ts'
import type { S3Location } from './s3-url.ts'
import { checkMetadata, type GetOptions, type ObjectBody, type ObjectHead, type PutOptions } from './storage.ts'

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/** Without `found` the SDK is to do it: nothing was asked, or nothing plainly answered, or of a write: it may have been done. */
export type Quick<T> = { found: T } | { open: 'untried' | 'unsure' | 'sent' }

/** As in the storage port, and with its errors. */
export interface QuickBucket {
  head(key: string): Promise<Quick<ObjectHead | undefined>>
  get(key: string, options: GetOptions): Promise<Quick<ObjectBody | undefined>>
  put(key: string, body: Uint8Array, options: PutOptions): Promise<Quick<ObjectHead>>
  close(): void
}

const METADATA = 'x-amz-meta-'
const EMPTY = createHash('sha256').digest('hex')
/** Of an error that says why in XML. */
const REASON_MAX_BYTES = 4096
/** A server that is too busy is not asked again at once. */
const BUSY_MS = 100
/** Where one try failed, the SDK alone asks for a while: it knows when to ask less. */
const QUIET_MS = 1_000

/** `undefined` where only the SDK knows the address. */
export function quickBucket(location: S3Location, credentials: Credentials): QuickBucket | undefined {
  const base = baseUrl(location)
  if (!base) return undefined
  const { request, Agent } = base.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX })
  let seen = Number.NEGATIVE_INFINITY
  let quietUntil = Number.NEGATIVE_INFINITY

  /** Resolves with the beginning of the answer; `key`: `undefined` for the bucket itself. */
  function ask(method: string, key: string | undefined, headers: OutgoingHttpHeaders = {}, body?: Uint8Array) {
    const path = base!.pathname.replace(/\/$/, '') + (key === undefined ? '' : `/${encodeKey(fullKey(location, key))}`)
    const signed = aws4.sign(
      {
        service: 's3',
        region: location.region!,
        method,
        path: path || '/',
        headers: {
          Host: base!.host,
          'User-Agent': 'thumbsmith',
          'X-Amz-Content-Sha256': body ? createHash('sha256').update(body).digest('hex') : EMPTY,
          ...headers,
        },
      },
      credentials,
    )
    return new Promise<IncomingMessage>((resolve, reject) => {
      const { protocol, hostname, port } = base!
      const to = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port, agent }
      const asked = request({ ...to, method, path: signed.path!, headers: signed.headers! })
      const timer = setTimeout(() => {
        const error = new Error('no answer')
        asked.destroy(error)
        // One that waits for a socket does not say that it was destroyed.
        reject(error)
      }, ANSWER_TIMEOUT_MS)
      asked.on('close', () => clearTimeout(timer))
      asked.on('error', reject)
      asked.on('response', (answer) => {
        // The body of an object takes its time; all else ends within that of an answer.
        if (method === 'GET' && isFine(answer)) clearTimeout(timer)
        resolve(answer)
      })
      asked.end(body)
    })
  }

  /** What we refuse ourselves stays refused; a request that broke off says nothing. */
  async function tried<T>(run: () => Promise<Quick<T>>): Promise<Quick<T>> {
    if (performance.now() < quietUntil) return { open: 'untried' }
    try {
      return await run()
    } catch (error) {
      if (error instanceof ThumbsmithError) throw error
      quietUntil = performance.now() + QUIET_MS
      return { open: 'sent' }
    }
  }

  async function notPlain({ statusCode: status = 0 }: IncomingMessage): Promise<Quick<never>> {
    if (status !== 429 && status < 500) return { open: 'unsure' }
    quietUntil = performance.now() + QUIET_MS
    await sleep(BUSY_MS * (0.5 + Math.random()))
    return { open: 'sent' }
  }

  /** A HEAD says 404 also where the whole bucket is gone, which says nothing about the object. */
  async function isThere(): Promise<boolean> {
    if (performance.now() - seen < SEEN_MS) return true
    const answer = await ask('HEAD', undefined)
    answer.resume()
    if (!isFine(answer)) return false
    seen = performance.now()
    return true
  }

  return {
    head: (key) =>
      tried<ObjectHead | undefined>(async () => {
        const answer = await ask('HEAD', key)
        answer.resume()
        if (isFine(answer)) return { found: headOf(key, answerOf(answer)) }
        return answer.statusCode === 404 && (await isThere()) ? { found: undefined } : notPlain(answer)
      }),

    get: (key, { range, ifMatch }) =>
      tried<ObjectBody | undefined>(async () => {
        const answer = await ask('GET', key, {
          ...rangeOf(range),
          ...(ifMatch !== undefined && { 'If-Match': quotedEtag(ifMatch) }),
        })
        if (isFine(answer)) {
          const head = answerOf(answer)
          const whole = Number(answer.headers['content-range']?.split('/')[1] ?? head.ContentLength)
          const stream = streamOf(answer, head.ContentLength, SILENCE_MS)
          return { found: { head: headOf(key, { ...head, ContentLength: whole }), stream } }
        }
        const reason = await reasonOf(answer)
        if (answer.statusCode === 412) throw new ThumbsmithError('storage.precondition_failed')
        return answer.statusCode === 404 && reason === 'NoSuchKey' ? { found: undefined } : notPlain(answer)
      }),

    async put(key, body, { contentType, metadata = {}, ifNoneMatch, ifMatch }) {
      fullKey(location, key)
      checkMetadata(metadata)
      if (body.length > PROMPT_MAX_BYTES) return { open: 'untried' }
      return tried<ObjectHead>(async () => {
        const answer = await ask(
          'PUT',
          key,
          {
            'Content-Type': contentType,
            'Content-Length': body.length,
            ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [METADATA + name, value])),
            ...(ifNoneMatch && { 'If-None-Match': ifNoneMatch }),
            ...(ifMatch !== undefined && { 'If-Match': quotedEtag(ifMatch) }),
          },
          body,
        )
        answer.resume()
        if (isFine(answer)) {
          const written = { ETag: answer.headers.etag, ContentLength: body.length, ContentType: contentType }
          return { found: headOf(key, { ...written, LastModified: new Date(), Metadata: metadata }) }
        }
        // An etag may be refused for its quotes: the SDK's way knows of that.
        if (answer.statusCode === 412 && ifNoneMatch) throw new ThumbsmithError('storage.precondition_failed')
        return notPlain(answer)
      })
    },

    close: () => agent.destroy(),
  }
}

const isFine = ({ statusCode: status = 0 }: IncomingMessage): boolean => status >= 200 && status < 300

/** Where the bucket is, `undefined` where that takes rules that only the SDK knows. */
export function baseUrl({ bucket, endpoint, region, pathStyle }: S3Location): URL | undefined {
  if (region === undefined) return undefined
  // Only such a name may stand in a host, and under a certificate.
  const isLabel = /^[a-z0-9]+(-[a-z0-9]+)*$/.test(bucket)
  if (endpoint === undefined) {
    const isOrdinary = /^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d$/.test(region)
    return isOrdinary && isLabel && !pathStyle ? new URL(`https://${bucket}.s3.${region}.amazonaws.com/`) : undefined
  }
  if (!/^https?:/.test(endpoint) || !URL.canParse(endpoint)) return undefined
  const url = new URL(endpoint)
  const path = url.pathname.replace(/\/+$/, '')
  if (pathStyle || isIP(url.hostname.replace(/^\[|\]$/g, ''))) url.pathname = `${path}/${bucket}/`
  else {
    if (!isLabel) return undefined
    url.host = `${bucket}.${url.host}`
    url.pathname = `${path}/`
  }
  return url
}

/** As signatures want it: each part by RFC 3986. */
const encodeKey = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/')

function answerOf({ headers }: IncomingMessage) {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith(METADATA))
  return {
    ETag: headers.etag,
    ContentLength: Number(headers['content-length'] ?? 0),
    ContentType: headers['content-type'],
    LastModified: headers['last-modified'] === undefined ? undefined : new Date(headers['last-modified']),
    Metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice(METADATA.length), String(value)])),
  }
}

/** The code in an error's XML. */
async function reasonOf(answer: IncomingMessage): Promise<string | undefined> {
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) if (text.length < REASON_MAX_BYTES) text += chunk
  return /<Code>(\w+)<\/Code>/.exec(text)?.[1]
}
