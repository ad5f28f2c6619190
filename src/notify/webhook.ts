// The webhook notifier: POSTs signed JSON as Standard Webhooks has it, to public addresses over https only, and follows no redirect.
import { createHmac } from 'node:crypto'
import { lookup } from 'node:dns'
import * as http from 'node:http'
import * as https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { ThumbsmithError } from '../errors.ts'
import { machineWordOf } from './notification.ts'
import type { Notifier } from './notifier.ts'
import { isPublic } from './webhook-addresses.ts'

export interface WebhookOptions {
  /** `https://…`. `#private` at its end, which is not sent, also allows http and the addresses of a network of one's own. */
  url: string
  /** `whsec_` and base64 of 24 to 64 bytes. */
  secret: string
  timeoutMs?: number
}

const TIMEOUT_MS = 10_000

const invalid = (name: string, message: string) =>
  new ThumbsmithError('config.invalid', `The notifier ${name} ${message}`)

/** Any 2xx answer is a yes; everything else is asked again later. Throws `config.invalid` for what can never be sent. */
export function webhookNotifier(name: string, { url, secret, timeoutMs = TIMEOUT_MS }: WebhookOptions): Notifier {
  if (!URL.canParse(url)) throw invalid(name, 'has no address. Write https://…')
  const target = new URL(url)
  const allowPrivate = target.hash === '#private'
  target.hash = ''
  if (target.protocol !== 'https:' && !(allowPrivate && target.protocol === 'http:'))
    throw invalid(name, 'must use https. Only an address that ends in #private may do without.')
  if (target.username || target.password) throw invalid(name, 'has a password in its address. Remove it.')
  // Node does not look up what is a number already.
  const literal = target.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(literal) && !isPublic(literal))
    throw invalid(name, 'leads into a private network. If that is meant, end its address in #private.')
  const key = keyOf(name, secret)

  return {
    name,
    async send(notification) {
      const body = JSON.stringify(machineWordOf(notification))
      const timestamp = String(Math.floor(Date.now() / 1000))
      const signature = createHmac('sha256', key).update(`${notification.id}.${timestamp}.${body}`).digest('base64')
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'thumbsmith',
        'webhook-id': notification.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      }
      try {
        const status = await post(target, { headers, body, allowPrivate, timeoutMs })
        if (status < 200 || status > 299) throw new Error(`it answered ${status}`)
      } catch (error) {
        // The path may hold a secret of the receiver, so only the host is told.
        const detail = `${target.host}: ${error instanceof Error ? error.message : String(error)}`
        throw new ThumbsmithError('notifier.unavailable', undefined, { detail, cause: error })
      }
    },
  }
}

function keyOf(name: string, secret: string): Buffer {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const key = Buffer.from(base64 ?? '', 'base64')
  if (key.length < 24 || key.length > 64)
    throw invalid(
      name,
      'needs THUMBSMITH_WEBHOOK_SECRET: whsec_ and the base64 of 24 to 64 bytes, e.g. from `openssl rand -base64 32`.',
    )
  return key
}

interface Post {
  headers: http.OutgoingHttpHeaders
  body: string
  allowPrivate: boolean
  timeoutMs: number
}

/** The status. Of the answer nothing else is read. */
function post(target: URL, { headers, body, allowPrivate, timeoutMs }: Post): Promise<number> {
  const { request } = target.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const sent = request(target, {
      method: 'POST',
      headers,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(!allowPrivate && { lookup: lookupPublic }),
    })
    sent.once('error', reject)
    sent.once('response', (response) => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    sent.end(body)
  })
}

/** What is connected to is what was checked: a name that changes its address in between gains nothing. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const refused = found?.find(({ address }) => !isPublic(address))
    const [first] = found ?? []
    if (error || refused || !first) callback(error ?? new Error('it leads into a private network'), '', 0)
    else if (options.all) callback(null, found)
    else callback(null, first.address, first.family)
  })
}
