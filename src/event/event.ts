// What stores tell of their objects, in every wrapping it arrives in: S3's notifications, bare or through SNS, SQS and EventBridge.
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

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** The text at this path, where there is one. */
function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = path.reduce((inner, name) => (isFields(inner) ? inner[name] : undefined), value)
  return typeof found === 'string' ? found : undefined
}

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
  const [eventName, eventVersion] = [textAt(value, 'eventName'), textAt(value, 'eventVersion')]
  const [bucket, key] = [textAt(value, 's3', 'bucket', 'name'), textAt(value, 's3', 'object', 'key')]
  if (eventName === undefined || bucket === undefined || key === undefined) return 'a record without a key'
  if (eventVersion && !/^2(\.|$)/.test(eventVersion)) return `of version ${eventVersion}`
  const kind = kindOf(eventName.replace(/^s3:/, ''))
  if (!kind) return `a ${eventName} event`
  // Ceph sends keys as they are, all others as forms encode them. Once is enough: a key may hold a true `%20`.
  const trueKey = value.eventSource === 'ceph:s3' ? key : decodeForm(key)
  return eventOf(
    kind,
    bucket,
    trueKey,
    textAt(value, 's3', 'object', 'eTag'),
    textAt(value, 's3', 'object', 'sequencer'),
  )
}

function kindOf(eventName: string): BucketEvent['kind'] | undefined {
  if (eventName.startsWith('ObjectCreated:')) return 'created'
  return /^(ObjectRemoved|LifecycleExpiration|ObjectLifecycle:Expiration):/.test(eventName) ? 'removed' : undefined
}

/** EventBridge sends keys as they are. */
function readEventBridge(value: Fields): BucketEvent | string {
  const { 'detail-type': type, detail } = value
  const [bucket, key] = [textAt(detail, 'bucket', 'name'), textAt(detail, 'object', 'key')]
  if (typeof type !== 'string' || bucket === undefined || key === undefined) return 'a record without a key'
  if (type !== 'Object Created' && type !== 'Object Deleted') return `of type ${type}`
  const kind = type === 'Object Created' ? 'created' : 'removed'
  return eventOf(kind, bucket, key, textAt(detail, 'object', 'etag'), textAt(detail, 'object', 'sequencer'))
}

function eventOf(
  kind: BucketEvent['kind'],
  bucket: string,
  key: string,
  etag: string | undefined,
  sequencer: string | undefined,
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
