// What stores tell of their objects, in every wrapping it arrives in: S3's notifications, bare or through SNS, SQS and EventBridge.
import { z } from 'zod'
import { ThumbsmithError } from '../errors.ts'
import { checkKey, type StoreEvent } from '../storage/storage.ts'

/** An object of a bucket, by its true key. Events come late, twice, in any order or never: look at the key, believe nothing else. */
export interface BucketEvent extends StoreEvent {
  bucket: string
  /** Without quotes. */
  etag?: string
  /** Orders the events of one key; compare as text, padded with zeros on the right. */
  sequencer?: string
}

export interface ParsedEvents {
  events: BucketEvent[]
  /** Why the rest is no event of an object, for the log. */
  ignored: string[]
  /** Something in it is nothing that a store says. */
  isForeign?: true
}

/** Says whether an SNS message is one of our topics' own. */
export type AdmitsSns = (body: string) => Promise<boolean>

/** Steps inwards: an S3 record in SNS in SQS in a Lambda event is nine down. Nothing true goes deeper than this. */
const DEPTH_MAX = 16

/** Reads JSON text or what it parsed to. Never throws: what is not understood is told in `ignored`. */
export function parseStoreEvents(body: unknown): ParsedEvents {
  const found: ParsedEvents = { events: [], ignored: [] }
  for (const one of unwrap(body, DEPTH_MAX)) {
    if (typeof one === 'string') found.ignored.push(one)
    else if ('foreign' in one) {
      found.ignored.push(one.foreign)
      found.isForeign = true
    } else found.events.push(one)
  }
  return found
}

const recordSchema = z.object({
  eventSource: z.string().nullish(),
  eventVersion: z.string().nullish(),
  eventName: z.string(),
  s3: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), eTag: z.string().nullish(), sequencer: z.string().nullish() }),
  }),
})

const eventBridgeSchema = z.object({
  'detail-type': z.string(),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), etag: z.string().nullish(), sequencer: z.string().nullish() }),
  }),
})

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** Events, and for everything else why it is none. */
function* unwrap(value: unknown, depth: number): Generator<BucketEvent | string | { foreign: string }> {
  const inside = (inner: unknown) => unwrap(inner, depth - 1)
  if (depth === 0) yield { foreign: 'wrapped too often' }
  else if (typeof value === 'string') yield* inside(parseJson(value))
  else if (Array.isArray(value)) for (const one of value) yield* inside(one)
  else if (!isFields(value)) yield { foreign: 'not JSON' }
  else if (value.Event === 's3:TestEvent') yield 'a test event'
  else if (Array.isArray(value.Records)) yield* inside(value.Records)
  else if (isFields(value.s3)) yield readRecord(value)
  else if (value.source === 'aws.s3') yield readEventBridge(value)
  else if (typeof value.Type === 'string' && value.Type !== 'Notification') yield 'a subscription'
  else {
    // What SNS, Lambda and SQS's own API put around a message.
    const inner = [value.Message, value.Sns, value.body, value.Body].find((part) => part !== undefined)
    if (inner === undefined) yield { foreign: 'of no known shape' }
    else yield* inside(inner)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readRecord(value: Fields): BucketEvent | string {
  const parsed = recordSchema.safeParse(value)
  if (!parsed.success) return 'a record without a key'
  const { eventSource, eventVersion, eventName, s3 } = parsed.data
  if (eventVersion && !/^2(\.|$)/.test(eventVersion)) return `of version ${eventVersion}`
  const kind = kindOf(eventName.replace(/^s3:/, ''))
  if (!kind) return `a ${eventName} event`
  const { key, eTag, sequencer } = s3.object
  // Ceph sends keys as they are, all others as forms encode them. Once is enough: a key may hold a true `%20`.
  const trueKey = eventSource === 'ceph:s3' ? key : decodeForm(key)
  return eventOf(kind, s3.bucket.name, trueKey, eTag, sequencer)
}

function kindOf(eventName: string): BucketEvent['kind'] | undefined {
  if (eventName.startsWith('ObjectCreated:')) return 'created'
  return /^(ObjectRemoved|LifecycleExpiration|ObjectLifecycle:Expiration):/.test(eventName) ? 'removed' : undefined
}

/** EventBridge sends keys as they are. */
function readEventBridge(value: Fields): BucketEvent | string {
  const parsed = eventBridgeSchema.safeParse(value)
  if (!parsed.success) return 'a record without a key'
  const { 'detail-type': type, detail } = parsed.data
  if (type !== 'Object Created' && type !== 'Object Deleted') return `of type ${type}`
  const { key, etag, sequencer } = detail.object
  return eventOf(type === 'Object Created' ? 'created' : 'removed', detail.bucket.name, key, etag, sequencer)
}

type Optional = string | null | undefined

function eventOf(
  kind: BucketEvent['kind'],
  bucket: string,
  key: string,
  etag: Optional,
  sequencer: Optional,
): BucketEvent | string {
  try {
    checkKey(key)
  } catch (error) {
    if (!(error instanceof ThumbsmithError)) throw error
    return 'a key that no object can have'
  }
  return { kind, bucket, key, ...(etag && { etag: etag.replaceAll('"', '') }), ...(sequencer && { sequencer }) }
}

/** A key that is not encoded as it should be is taken as it stands. */
function decodeForm(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return key
  }
}
