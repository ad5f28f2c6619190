// Whether a message really comes from one of our SNS topics: its topic is on the list, and Amazon's signature holds.
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { ThumbsmithError } from '../errors.ts'
import type { AdmitsSns } from './event.ts'

export interface SnsOptions {
  /** `arn:aws:sns:{region}:{account}:{name}`, in full. */
  topics: string[]
  /** Told when a subscription of one of the topics was confirmed, or could not be. */
  onSubscription?: (topic: string, error?: unknown) => void
  fetch?: typeof fetch
  /** Milliseconds since 1970; by default the clock. */
  now?: () => number
}

const messageSchema = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  Subject: z.string().nullish(),
  Token: z.string().nullish(),
  SubscribeURL: z.string().nullish(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.base64(),
  SigningCertURL: z.string(),
})
type Message = z.infer<typeof messageSchema>

const TOPIC = /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]+):\d{12}:[\w-]+(\.fifo)?$/
const CERTIFICATE_PATH = /^\/SimpleNotificationService-[0-9a-f]{16,64}\.pem$/
const CERTIFICATE_MAX_BYTES = 16_384
const CERTIFICATES_MAX = 8
/** So that invented certificate names do not become requests to Amazon at the same pace. */
const FETCH_GAP_MS = 1_000
const FETCH_TIMEOUT_MS = 5_000

/**
 * Fetches nothing for a topic that is not on the list, and only from that topic's own SNS address. A true request to confirm a
 * subscription is confirmed on the side. Throws `auth.unavailable` where Amazon's certificate cannot be had now, `config.invalid` for what is
 * no topic.
 */
export function snsGate(options: SnsOptions): AdmitsSns {
  const { onSubscription = () => {} } = options
  for (const topic of options.topics)
    if (!TOPIC.test(topic))
      throw new ThumbsmithError('config.invalid', `"${topic}" is no topic. Give its whole ARN: arn:aws:sns:…`)
  const load = options.fetch ?? fetch
  const certificateAt = certificates(load, options.now ?? Date.now)

  async function confirm(message: Message, host: string): Promise<void> {
    const url = addressOf(message.SubscribeURL ?? '', host)
    if (url?.searchParams.get('Action') !== 'ConfirmSubscription') return
    if (url.searchParams.get('TopicArn') !== message.TopicArn) return
    const answer = await load(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`SNS answered ${answer.status}`)
    onSubscription(message.TopicArn)
  }

  return async (body) => {
    const message = parseMessage(body)
    if (!message || !options.topics.includes(message.TopicArn)) return false
    const host = hostOf(message.TopicArn)
    const url = addressOf(message.SigningCertURL, host)
    if (!url || !CERTIFICATE_PATH.test(url.pathname) || url.search !== '') return false
    if (!isSigned(message, await certificateAt(url.href))) return false
    if (message.Type === 'SubscriptionConfirmation')
      void confirm(message, host).catch((error) => onSubscription(message.TopicArn, error))
    return true
  }
}

function parseMessage(body: string): Message | undefined {
  try {
    return messageSchema.parse(JSON.parse(body))
  } catch {
    return undefined
  }
}

function hostOf(topic: string): string {
  const [, partition, region] = TOPIC.exec(topic)!
  return `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`
}

/** The URL if it is https at exactly this host, without a port or a user. */
function addressOf(text: string, host: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isPlain = url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === ''
  return isPlain && url.hostname === host ? url : undefined
}

const NOTIFICATION_FIELDS = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const
const OTHER_FIELDS = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const

function isSigned(message: Message, key: KeyObject): boolean {
  const fields = message.Type === 'Notification' ? NOTIFICATION_FIELDS : OTHER_FIELDS
  const text = fields.flatMap((name) => (message[name] == null ? [] : [`${name}\n${message[name]}\n`])).join('')
  const algorithm = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256'
  return verify(algorithm, Buffer.from(text), key, Buffer.from(message.Signature, 'base64'))
}

/** Amazon's keys by the address of their certificate. */
function certificates(load: typeof fetch, now: () => number): (url: string) => Promise<KeyObject> {
  const known = new Map<string, Promise<KeyObject>>()
  let fetchedAt = Number.NEGATIVE_INFINITY
  const fetchKey = async (url: string): Promise<KeyObject> => {
    const answer = await load(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
    const text = answer.ok ? await answer.text() : ''
    if (!text || text.length > CERTIFICATE_MAX_BYTES) throw new Error(`no certificate, but status ${answer.status}`)
    return createPublicKey(text)
  }
  return async (url) => {
    const before = known.get(url)
    if (before) return before
    const unavailable = (detail: string) => new ThumbsmithError('auth.unavailable', undefined, { detail })
    if (now() - fetchedAt < FETCH_GAP_MS) throw unavailable('too many certificates at once')
    fetchedAt = now()
    const key = fetchKey(url)
    known.set(url, key)
    if (known.size > CERTIFICATES_MAX) known.delete(known.keys().next().value!)
    try {
      return await key
    } catch (error) {
      known.delete(url)
      throw unavailable(String(error))
    }
  }
}
