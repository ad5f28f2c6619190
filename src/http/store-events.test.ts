// POST /events/s3: who is heard, and that whoever is heard is thanked at once, come what may.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApi, type TestApi } from '../../test/api.ts'
import { ThumbsmithError } from '../errors.ts'
import type { BucketEvent } from '../event/event.ts'
import { httpApp } from './app.ts'
import type { Api, Services } from './services.ts'

const SECRET = 'a secret that only the store and the server know'
const recordOf = (key: string) => ({
  eventSource: 'ceph:s3',
  eventName: 's3:ObjectCreated:Put',
  s3: { bucket: { name: 'pictures' }, object: { key } },
})
const BODY = JSON.stringify({ Records: [recordOf('a b+c.jpg'), recordOf('two.jpg')] })

let api: TestApi
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

function open(storeEvents: Partial<NonNullable<Services['storeEvents']>> = {}) {
  const events: BucketEvent[] = []
  const admitted: string[] = []
  const app = httpApp({
    ...api.services,
    storeEvents: {
      secret: SECRET,
      onEvent: async (event) => void events.push(event),
      async admitsSns(body) {
        admitted.push(body)
        return body.includes('"Signature":"true"')
      },
      ...storeEvents,
    },
  })
  return { app, events, admitted }
}

const send = (app: Api, init: { query?: string; headers?: Record<string, string>; body?: string } = {}) =>
  app.request(`http://10.1.2.3:8080/events/s3${init.query ?? ''}`, {
    method: 'POST',
    headers: init.headers ?? {},
    body: init.body ?? BODY,
  })
const bySecret = { query: `?secret=${encodeURIComponent(SECRET)}` }

it('hears who knows the secret, under whatever name the server is called', async () => {
  const { app, events } = open()
  const answer = await send(app, bySecret)
  expect([answer.status, await answer.text()]).toEqual([204, ''])
  expect(events.map(({ key, bucket }) => [key, bucket])).toEqual([
    ['a b+c.jpg', 'pictures'],
    ['two.jpg', 'pictures'],
  ])
  expect((await send(app, { headers: { authorization: `Bearer ${SECRET}` } })).status).toBe(204)
  expect(events).toHaveLength(4)
})

it('refuses everybody else without a look at what they send', async () => {
  const { app, events, admitted } = open()
  const others = [
    {},
    { query: '?secret=' },
    { query: `?secret=${SECRET.slice(1)}` },
    { headers: { authorization: 'Bearer wrong' } },
    { headers: { authorization: SECRET.toUpperCase() } },
  ]
  for (const init of others) expect((await send(app, init)).status).toBe(403)
  expect([events, admitted]).toEqual([[], []])
})

it('has no such door where no secret and no topic is set', async () => {
  const { app, events } = open({ secret: undefined, admitsSns: undefined })
  for (const query of ['', '?secret=', '?secret=undefined']) expect((await send(app, { query })).status).toBe(403)
  expect(events).toEqual([])
  expect((await send(httpApp(api.services))).status).not.toBe(204)
})

it('hears what SNS signed', async () => {
  const { app, events } = open()
  const headers = { 'x-amz-sns-message-type': 'Notification', 'content-type': 'text/plain; charset=UTF-8' }
  const message = (Signature: string) => JSON.stringify({ Type: 'Notification', Message: BODY, Signature })
  expect((await send(app, { headers, body: message('false') })).status).toBe(403)
  expect(events).toEqual([])
  expect((await send(app, { headers, body: message('true') })).status).toBe(204)
  expect(events).toHaveLength(2)
})

it('has a subscription confirmed also where the sender knows the secret', async () => {
  const { app, admitted, events } = open()
  const headers = { 'x-amz-sns-message-type': 'SubscriptionConfirmation' }
  const body = JSON.stringify({ Type: 'SubscriptionConfirmation', Message: BODY })
  expect((await send(app, { ...bySecret, headers, body })).status).toBe(204)
  expect([admitted, events]).toEqual([[body], []])
})

it('asks SNS to come again where its certificate cannot be had', async () => {
  const { app } = open({
    admitsSns: () => Promise.reject(new ThumbsmithError('auth.unavailable')),
  })
  expect((await send(app, { headers: { 'x-amz-sns-message-type': 'Notification' } })).status).toBe(503)
})

it.each([
  ['no JSON', 'x'],
  ['a test event', '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"pictures"}'],
  ['nothing', ''],
  ['too much', 'x'.repeat(1024 * 1024 + 1)],
])('thanks a known sender for %s', async (_, body) => {
  const { app, events } = open()
  expect((await send(app, { ...bySecret, body })).status).toBe(204)
  expect(events).toEqual([])
})

it('refuses too much of a stranger', async () => {
  const { app } = open()
  const headers = { 'x-amz-sns-message-type': 'Notification' }
  expect((await send(app, { headers, body: 'x'.repeat(1024 * 1024 + 1) })).status).toBe(413)
})

it('thanks at once although the queue is away, or does not answer', async () => {
  const away = open({ onEvent: () => Promise.reject(new ThumbsmithError('storage.unavailable')) })
  expect((await send(away.app, bySecret)).status).toBe(204)
  expect(api.logged.at(-1)).toMatchObject({ level: 'warn', fields: { events: 2 } })
  const silent = open({ onEvent: () => new Promise(() => {}) })
  const started = performance.now()
  expect((await send(silent.app, bySecret)).status).toBe(204)
  expect(performance.now() - started).toBeLessThan(500)
})
