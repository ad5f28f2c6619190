// What the SNS notifier sends, seen by a server that stands in for SNS.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { failedManifest, OWED, readyManifest } from '../../test/fixtures/manifests.ts'
import { type Loopback, openLoopback } from '../../test/servers/loopback.ts'
import { ThumbsmithError } from '../errors.ts'
import { notificationOf } from './notification.ts'
import { snsNotifier } from './sns.ts'

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:thumbsmith'
const PUBLISHED =
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>'

let server: Loopback
let answer = { status: 200, body: PUBLISHED }
const received: { headers: Record<string, unknown>; form: URLSearchParams }[] = []

beforeEach(async () => {
  received.length = 0
  answer = { status: 200, body: PUBLISHED }
  server = await openLoopback(({ request, body }) => {
    received.push({ headers: request.headers, form: new URLSearchParams(body) })
    return { ...answer, headers: { 'content-type': 'text/xml' } }
  })
  vi.stubEnv('AWS_ENDPOINT_URL_SNS', server.url)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(() => {
  vi.unstubAllEnvs()
  return server.close()
})

it('publishes text for people, JSON for machines, and what to filter by', async () => {
  await snsNotifier('mail', TOPIC).send(notificationOf(readyManifest('uploads/Kätzchen 🐈.jpg'), OWED))
  expect(received).toHaveLength(1)
  const { headers, form } = received[0]!
  expect(headers.authorization).toMatch(/\/eu-central-1\/sns\/aws4_request/)
  expect(form.get('Action')).toBe('Publish')
  expect(form.get('TopicArn')).toBe(TOPIC)
  expect(form.get('Subject')).toBe('K?tzchen ?.jpg: 1 rendition is ready')
  expect(form.get('MessageStructure')).toBe('json')
  const message = JSON.parse(form.get('Message')!) as Record<string, string>
  expect(message.email).toBe(
    'Original: uploads/Kätzchen 🐈.jpg (1000 bytes)\n- small: small/a.jpg (128 x 96, 500 bytes, image/jpeg)',
  )
  expect(JSON.parse(message.default!)).toEqual({
    type: 'original.ready',
    timestamp: OWED.at,
    data: {
      id: OWED.id,
      key: 'uploads/Kätzchen 🐈.jpg',
      owner: 'operator',
      outcome: 'ready',
      renditions: [
        {
          preset: 'small',
          state: 'ready',
          key: 'small/a.jpg',
          width: 128,
          height: 96,
          bytes: 500,
          contentType: 'image/jpeg',
        },
      ],
    },
  })
  const attributes = [1, 2].map((n) => [
    form.get(`MessageAttributes.entry.${n}.Name`),
    form.get(`MessageAttributes.entry.${n}.Value.StringValue`),
  ])
  expect(Object.fromEntries(attributes)).toEqual({ outcome: 'ready', id: OWED.id })
})

it('tells a failure apart', async () => {
  await snsNotifier('mail', TOPIC).send(notificationOf(failedManifest('a.jpg'), { ...OWED, outcome: 'failed' }))
  const { form } = received[0]!
  expect(form.get('Subject')).toBe('a.jpg: could not be rendered')
  const message = JSON.parse(form.get('Message')!) as Record<string, string>
  expect(message.email).toContain('The file is damaged or cut short.')
  expect(JSON.parse(message.default!)).toMatchObject({
    type: 'original.failed',
    data: { error: { code: 'image.damaged' } },
  })
})

it('keeps to what SNS takes as a subject, whatever the name of the file', async () => {
  for (const name of [`${'long '.repeat(60)}.jpg`, 'a\r\nBcc: x@example.com.jpg', ' \u0000\u2028.jpg'])
    await snsNotifier('mail', TOPIC).send(notificationOf(readyManifest(`uploads/${name}`), OWED))
  for (const { form } of received) expect(form.get('Subject')).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,99}$/)
})

it('asks to be called again where SNS cannot be reached or refuses', async () => {
  answer = {
    status: 403,
    body: '<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>',
  }
  const sent = snsNotifier('mail', TOPIC).send(notificationOf(readyManifest('a.jpg'), OWED))
  await expect(sent).rejects.toMatchObject({ code: 'notifier.unavailable' })
})

it('needs a whole topic', () => {
  for (const topic of ['', 'thumbsmith', 'arn:aws:sqs:eu-central-1:123456789012:q', `${TOPIC}.fifo`])
    expect(() => snsNotifier('mail', topic)).toThrow(ThumbsmithError)
})
