// Messages out of a queue, against a server that stands in for SQS: what is deleted, what is left, and what a failure costs.
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { awsRecord } from '../../test/fixtures/store-events.ts'
import { type Answer, type Loopback, openLoopback } from '../../test/servers/loopback.ts'
import type { BucketEvent } from './event.ts'
import { sqsSource } from './sqs-source.ts'

interface Message {
  MessageId: string
  ReceiptHandle: string
  Body: string
  /** The SDK compares it. */
  MD5OfBody: string
}

let server: Loopback
let url: string
/** Given out until they are deleted, as SQS would after their time of being hidden. */
let messages: Message[]
let isDown: boolean
let source: { close(): Promise<void> } | undefined
const keys: string[] = []
const foreign: string[] = []
const troubles: string[] = []

function message(id: string, body: unknown): Message {
  const Body = typeof body === 'string' ? body : JSON.stringify(body)
  const MD5OfBody = createHash('md5').update(Body).digest('hex')
  return { MessageId: id, ReceiptHandle: `receipt of ${id}`, Body, MD5OfBody }
}

function answerTo(action: string, asked: Record<string, unknown>): Answer {
  const json = (body: object, status = 200) => ({
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(body),
  })
  if (isDown) return json({ __type: 'ServiceUnavailable' }, 500)
  if (action === 'ReceiveMessage') return json({ Messages: messages.slice(0, 10) })
  const entries = asked.Entries as { Id: string; ReceiptHandle: string }[]
  messages = messages.filter(({ ReceiptHandle }) => !entries.some((entry) => entry.ReceiptHandle === ReceiptHandle))
  return json({ Successful: entries.map(({ Id }) => ({ Id })), Failed: [] })
}

beforeEach(async () => {
  for (const list of [keys, foreign, troubles]) list.length = 0
  ;[messages, isDown] = [[], false]
  server = await openLoopback(({ request, body }) =>
    answerTo(String(request.headers['x-amz-target']).split('.')[1]!, JSON.parse(body) as Record<string, unknown>),
  )
  url = `${server.url}/1/events`
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', server.url)
  vi.stubEnv('AWS_REGION', 'eu-central-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(async () => {
  await source?.close()
  source = undefined
  vi.unstubAllEnvs()
  await server.close()
})

function open(onEvent: (event: BucketEvent) => void = () => {}): void {
  source = sqsSource({
    url,
    async onEvents(events) {
      for (const event of events) {
        onEvent(event)
        keys.push(event.key)
      }
    },
    onForeign: (id) => void foreign.push(id),
    onTrouble: (detail) => void troubles.push(detail),
  })
}
const WAIT = { timeout: 10_000, interval: 10 }

it('tells the events of every message, and deletes it', async () => {
  messages = Array.from({ length: 23 }, (_, i) => message(`${i}`, { Records: [awsRecord(`a+b/${i}.jpg`)] }))
  messages.push(message('test', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'pictures' }))
  open()
  await vi.waitFor(() => expect(messages).toEqual([]), WAIT)
  expect(keys).toEqual(Array.from({ length: 23 }, (_, i) => `a b/${i}.jpg`))
  expect([foreign, troubles]).toEqual([[], []])
})

it('leaves what no store sent, and what could not be put on its way, until it can', async () => {
  let isStuck = true
  messages = [
    message('good', { Records: [awsRecord('good.jpg')] }),
    message('stuck', { Records: [awsRecord('stuck.jpg')] }),
    message('foreign', 'hello'),
  ]
  open(({ key }) => {
    if (key === 'stuck.jpg' && isStuck) throw new Error('the engine is away')
  })
  await vi.waitFor(() => expect(troubles.length).toBeGreaterThan(2), WAIT)
  expect(messages.map(({ MessageId }) => MessageId)).toEqual(['stuck', 'foreign'])
  isStuck = false
  await vi.waitFor(() => expect(messages.map(({ MessageId }) => MessageId)).toEqual(['foreign']), WAIT)
  expect([...new Set(foreign)]).toEqual(['foreign'])
  expect(keys).toEqual(['good.jpg', 'stuck.jpg'])
})

it('asks again after a failure, with a pause', async () => {
  isDown = true
  messages = [message('late', { Records: [awsRecord('late.jpg')] })]
  open()
  await vi.waitFor(() => expect(troubles.length).toBeGreaterThan(0), WAIT)
  isDown = false
  await vi.waitFor(() => expect(keys).toEqual(['late.jpg']), WAIT)
  expect(troubles.length).toBeLessThan(4)
})

it('says what is wrong with an address that names no queue', () => {
  for (url of ['', 'events']) expect(() => open()).toThrow('THUMBSMITH_EVENTS_QUEUE has no queue')
})
