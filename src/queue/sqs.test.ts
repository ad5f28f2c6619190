// Jobs to SQS and back: what is sent where, and what is taken for one of our jobs.
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Loopback, openLoopback } from '../../test/servers/loopback.ts'
import { ThumbsmithError } from '../errors.ts'
import { sqsQueue } from './sqs.ts'
import { parseSqsMessage } from './sqs-message.ts'

let server: Loopback
let site: string
let status = 200
const sent: { target: string; body: Record<string, unknown> }[] = []

/** The SDK compares the sum with what it sent. */
const accepted = ({ MessageBody = '' }: Record<string, unknown>) => ({
  MessageId: '1',
  MD5OfMessageBody: createHash('md5').update(String(MessageBody)).digest('hex'),
})

beforeEach(async () => {
  sent.length = 0
  status = 200
  server = await openLoopback(({ request, body: text }) => {
    const body = JSON.parse(text) as Record<string, unknown>
    const target = String(request.headers['x-amz-target'])
    sent.push({ target, body })
    const counts = {
      ApproximateNumberOfMessages: '3',
      ApproximateNumberOfMessagesDelayed: '1',
      ApproximateNumberOfMessagesNotVisible: '2',
    }
    const answer = target.endsWith('GetQueueAttributes') ? { Attributes: counts } : accepted(body)
    return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(answer) }
  })
  site = server.url
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', site)
  vi.stubEnv('AWS_REGION', 'eu-central-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(() => {
  vi.unstubAllEnvs()
  return server.close()
})

it('sends each job to the queue of its lane, so that it comes back as it was', async () => {
  const queue = sqsQueue(`${site}/1/jobs,${site}/1/backfill`)
  const key = 'uploads/a b+ü🐈.jpg'
  await queue.enqueue({ key, priority: 'interactive' })
  await queue.enqueue({ key, refresh: true, priority: 'backfill' })
  expect(sent.map(({ target, body }) => [target, body.QueueUrl, parseSqsMessage(String(body.MessageBody))])).toEqual([
    ['AmazonSQS.SendMessage', `${site}/1/jobs`, { key, refresh: false }],
    ['AmazonSQS.SendMessage', `${site}/1/backfill`, { key, refresh: true }],
  ])
  await queue.goOn()
  expect(sent.at(-1)?.body.QueueUrl).toBe(`${site}/1/backfill`)
  expect(parseSqsMessage(String(sent.at(-1)?.body.MessageBody))).toEqual({ sweep: 'goes on' })
  expect(await queue.depth()).toEqual({ waiting: 8, running: 4 })
  await queue.close()
})

it('holds a job back for as long as it is asked to, behind the others', async () => {
  const queue = sqsQueue(`${site}/1/jobs,${site}/1/backfill`)
  await queue.enqueueLater({ key: 'a' }, 4_200)
  await queue.enqueueLater({ key: 'a' }, 900_000)
  expect(sent.map(({ body }) => [body.QueueUrl, body.DelaySeconds])).toEqual([
    [`${site}/1/backfill`, 5],
    [`${site}/1/backfill`, 900],
  ])
  expect(parseSqsMessage(String(sent[0]?.body.MessageBody))).toEqual({ key: 'a', refresh: false })
  await queue.close()
})

it('says soon where SQS does not take a job', async () => {
  status = 400
  await expect(sqsQueue(`${site}/1/jobs`).enqueue({ key: 'a' })).rejects.toMatchObject({ code: 'queue.unavailable' })
})

it('takes nothing else for a job', () => {
  for (const body of [
    '',
    '{}',
    '{"key":"a"}',
    '{"thumbsmith":{}}',
    '{"thumbsmith":{"key":""}}',
    '{"thumbsmith":{"key":7}}',
    '{"thumbsmith":{"key":"a","refresh":"yes"}}',
    '{"thumbsmith":null}',
    'null',
    '{"thumbsmith":{"sweep":"now"}}',
    '{"Records":[]}',
  ])
    expect(parseSqsMessage(body)).toBeUndefined()
})

it('needs an address, and lets nobody wait for jobs that Lambda takes', async () => {
  expect(() => sqsQueue('jobs')).toThrow(ThumbsmithError)
  await expect((async () => sqsQueue(`${site}/1/jobs`).run(async () => {}))()).rejects.toMatchObject({
    code: 'config.invalid',
  })
})
