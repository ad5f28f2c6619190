// Store events in the shapes in which they were seen on the wire, and keys that survive both ways of writing them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { awsRecord as aws, cephRecord as ceph, formEncoded } from '../../test/fixtures/store-events.ts'
import { ODD_KEYS } from '../storage/contract-odd-keys.ts'
import { KEY_MAX_BYTES } from '../storage/storage.ts'
import { parseStoreEvents } from './event.ts'

const sns = (message: unknown) => ({
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: 'arn:aws:sns:eu-central-1:123456789012:pictures',
  Subject: 'Amazon S3 Notification',
  Message: JSON.stringify(message),
  Timestamp: '2026-05-04T09:31:08.000Z',
})

const sqs = (message: unknown) => ({
  messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
  receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
  body: JSON.stringify(message),
  attributes: { ApproximateReceiveCount: '1' },
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:pictures',
})

const eventBridge = (key: string, type = 'Object Created') => ({
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': type,
  source: 'aws.s3',
  account: '123456789012',
  time: '2026-05-04T09:31:07Z',
  region: 'eu-central-1',
  resources: ['arn:aws:s3:::pictures'],
  detail: {
    version: '0',
    bucket: { name: 'pictures' },
    object: { key, size: 5, etag: 'b1946ac92492d2347c6235b4d2611184', sequencer: '00617F08299329D189' },
    reason: 'PutObject',
  },
})

const keysIn = (body: unknown) => parseStoreEvents(body).events.map(({ key }) => key)

describe('one event', () => {
  it('of AWS', () => {
    expect(parseStoreEvents(JSON.stringify({ Records: [aws('uploads/my+photo%2C1%2B1+%C3%BC.jpg')] }))).toEqual({
      events: [
        {
          kind: 'created',
          bucket: 'pictures',
          key: 'uploads/my photo,1+1 ü.jpg',
          etag: 'b21b84d653bb07b05b1e6b33684dc11b',
          sequencer: '0C0F6F405D6ED209E1',
        },
      ],
      ignored: [],
    })
  })

  it('of Ceph, whose keys are not encoded', () => {
    expect(parseStoreEvents({ Records: [ceph('uploads/my photo,1+1 ü%20.jpg')] }).events).toEqual([
      {
        kind: 'created',
        bucket: 'pictures',
        key: 'uploads/my photo,1+1 ü%20.jpg',
        etag: '781e5e245d69b566979b86e28d23f2c7',
        sequencer: 'A4F1',
      },
    ])
  })

  it('of EventBridge, whose keys are not encoded', () => {
    expect(parseStoreEvents(eventBridge('a+b%20c.jpg')).events).toMatchObject([{ kind: 'created', key: 'a+b%20c.jpg' }])
    expect(parseStoreEvents(eventBridge('a', 'Object Deleted')).events).toMatchObject([{ kind: 'removed', key: 'a' }])
    expect(parseStoreEvents(eventBridge('a', 'Object Tags Added'))).toEqual({
      events: [],
      ignored: ['of type Object Tags Added'],
    })
  })

  it.each([
    ['ObjectCreated:CompleteMultipartUpload', 'created'],
    ['s3:ObjectCreated:Copy', 'created'],
    ['ObjectRemoved:DeleteMarkerCreated', 'removed'],
    ['s3:ObjectRemoved:Delete', 'removed'],
    ['LifecycleExpiration:Delete', 'removed'],
    ['s3:ObjectLifecycle:Expiration:Current', 'removed'],
    ['ObjectRestore:Completed', undefined],
    ['ObjectTagging:Put', undefined],
    ['NotObjectCreated:Put', undefined],
  ])('called %s', (eventName, kind) => {
    expect(parseStoreEvents(aws('a', { eventName })).events.map((event) => event.kind)).toEqual(kind ? [kind] : [])
  })

  it('of a version that says the same', () => {
    for (const eventVersion of ['2.0', '2.5', '2.99', undefined])
      expect(keysIn(aws('a', { eventVersion }))).toEqual(['a'])
    for (const eventVersion of ['1.0', '3.0', '20.1'])
      expect(parseStoreEvents(aws('a', { eventVersion })).ignored).toEqual([`of version ${eventVersion}`])
  })
})

describe('wrapped', () => {
  const records = { Records: [aws('one'), aws('two+2')] }
  it.each([
    ['bare', records],
    ['an array', records.Records],
    ['through SNS', sns(records)],
    ['through SQS', { Records: [sqs(records)] }],
    ['through SNS and SQS', { Records: [sqs(sns(records))] }],
    ['as SQS itself gives it', { MessageId: 'x', ReceiptHandle: 'y', Body: JSON.stringify(sns(records)) }],
    ['through SNS to Lambda', { Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', Sns: sns(records) }] }],
  ])('%s', (_, body) => {
    expect(keysIn(body)).toEqual(['one', 'two 2'])
    expect(keysIn(JSON.stringify(body))).toEqual(['one', 'two 2'])
  })

  it('in a batch, of which some parts are no events', () => {
    const test = { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'pictures', RequestId: 'x', HostId: 'y' }
    const body = { Records: [sqs(test), sqs(records), { ...sqs({}), body: 'no json' }, sqs(eventBridge('three'))] }
    expect(keysIn(body)).toEqual(['one', 'two 2', 'three'])
    expect(parseStoreEvents(body).ignored).toEqual(['a test event', 'not JSON'])
  })

  it('256 KB of it', () => {
    const many = Array.from({ length: 400 }, (_, i) => aws(`many/${i}`))
    const text = JSON.stringify(sns({ Records: many }))
    expect(text.length).toBeGreaterThan(256 * 1024)
    expect(keysIn(text)).toEqual(many.map((_, i) => `many/${i}`))
  })
})

it('keys of every kind arrive as they are, both ways', () => {
  const odd = Object.values(ODD_KEYS).flat()
  expect(odd.length).toBeGreaterThan(140)
  expect(keysIn({ Records: odd.map((key) => aws(formEncoded(key))) })).toEqual(odd)
  expect(keysIn({ Records: odd.map(ceph) })).toEqual(odd)
  const keys = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 300 })
    .filter((key) => key.isWellFormed() && !key.includes('\0') && Buffer.byteLength(key) <= KEY_MAX_BYTES)
  fc.assert(
    fc.property(keys, (key) => {
      expect(keysIn(aws(formEncoded(key)))).toEqual([key])
      expect(keysIn(ceph(key))).toEqual([key])
      expect(keysIn(eventBridge(key))).toEqual([key])
    }),
  )
})

describe('what is no event', () => {
  it('is told and does no harm', () => {
    // biome-ignore format: a list to be seen at a glance
    const others: unknown[] = [
      '', 'x', '"x"', 'null', '[]', '{}', null, undefined, 7, [null], { Records: 'x' }, { Records: [{}] }, { s3: {} },
      { s3: null }, { Records: [{ s3: { object: { key: 'a' } } }] }, { source: 'aws.s3' }, { Type: 'Notification' },
      { Type: 'SubscriptionConfirmation', Message: '{"Records":[]}' }, { __proto__: null },
    ]
    for (const body of others) expect(parseStoreEvents(body).events).toEqual([])
    fc.assert(fc.property(fc.jsonValue(), (value) => parseStoreEvents(value).events.length === 0))
  })

  it('has a key that no object can have', () => {
    for (const key of ['', '%00', 'x'.repeat(1025)])
      expect(parseStoreEvents(aws(key))).toEqual({ events: [], ignored: ['a key that no object can have'] })
  })

  it('is wrapped without end', () => {
    let body = JSON.stringify({ Records: [aws('a')] })
    for (let i = 0; i < 12; i++) body = JSON.stringify({ Message: body })
    expect(parseStoreEvents(body)).toEqual({ events: [], ignored: ['wrapped too often'], isForeign: true })
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(parseStoreEvents(deep)).toEqual({ events: [], ignored: ['wrapped too often'], isForeign: true })
  })
})
