// The door for store events under load: it answers at once, also while a store repeats one event without a pause, and that costs one look.
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { openQueue } from '../../src/hosts/engine.ts'
import { idOfKey } from '../../src/original.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Home, until } from '../hosts/harness.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'
import { openStand, type Stand } from './stand.ts'

const SECONDS = 4
const STEADY_PER_SECOND = 200
/** How often Ceph was seen to repeat an event that it got no thanks for. */
const STORM_PER_SECOND = 1650
const ANSWER_MS = 50
/** A storm of that strength takes half a core of the server, and as much of who sends it: there it only may not fall behind. */
const STORM_ANSWER_MS = 1000

let s3: TestS3
let redis: RedisServer
let stand: Stand
let home: Home
const secret = crypto.randomUUID()

beforeAll(async () => {
  ;[s3, redis] = await Promise.all([openTestS3(), startRedis()])
  const env = { THUMBSMITH_EVENTS_SECRET: secret, THUMBSMITH_SWEEP_SECONDS: '3600' }
  stand = await openStand({ s3, queue: redis.url, env })
  home = await stand.openServer()
})
afterAll(async () => {
  await stand?.close()
  await redis?.close()
  await s3?.stop()
})

/** Sends so many events a second, whether answers come or not; gives how long each answer took. */
async function send(
  perSecond: number,
  keyOf: (i: number) => string,
): Promise<{ times: number[]; statuses: Set<number> }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const url = new URL(`/events/s3?secret=${secret}`, home.url)
  const times: number[] = []
  const statuses = new Set<number>()
  const one = (key: string) =>
    new Promise<void>((resolve, reject) => {
      const object = { bucket: { name: stand.originals.bucket }, object: { key } }
      const Records = [{ eventSource: 'ceph:s3', eventName: 's3:ObjectCreated:Put', s3: object }]
      const sent = request(url, { method: 'POST', agent }, (answer) => {
        times.push(performance.now() - since)
        statuses.add(answer.statusCode ?? 0)
        answer.resume().on('end', resolve)
      }).on('error', reject)
      const since = performance.now()
      sent.end(JSON.stringify({ Records }))
    })
  const all: Promise<void>[] = []
  const begun = performance.now()
  const count = perSecond * SECONDS
  while (all.length < count) {
    const due = Math.min(count, ((performance.now() - begun) / 1000) * perSecond)
    while (all.length < due) all.push(one(keyOf(all.length)))
    await sleep(1)
  }
  await Promise.all(all)
  agent.destroy()
  return { times: times.sort((a, b) => a - b), statuses }
}
const share = (sorted: number[], part: number) => sorted[Math.floor(sorted.length * part)]!

it.each([
  ['a steady stream of new keys', STEADY_PER_SECOND, ANSWER_MS, (i: number) => `uploads/a/${i}/x.jpg`],
  ['a storm of one and the same event', STORM_PER_SECOND, STORM_ANSWER_MS, () => 'uploads/b/1/storm.jpg'],
])('thanks at once for %s', { retry: 2 }, async (name, perSecond, answerMs, keyOf) => {
  await send(20, keyOf)
  const { times, statuses } = await send(perSecond, keyOf)
  const [p50, p99, worst] = [share(times, 0.5), share(times, 0.99), times.at(-1)!].map((ms) => ms.toFixed(1))
  process.stdout.write(`${name}, ${perSecond} a second: p50 ${p50} ms, p99 ${p99} ms, worst ${worst} ms\n`)
  expect([...statuses]).toEqual([204])
  expect(Number(p99)).toBeLessThan(answerMs)
})

it('keeps of a storm one job, which waits its turn and is run', async () => {
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...settings } = stand.env
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const queue = await openQueue(readConfig({ ...settings, THUMBSMITH_CONFIG: 'thumbsmith.yaml' }), 1, silent)
  try {
    expect((await queue.depth()).waiting).toBe(STEADY_PER_SECOND * SECONDS + 1)
  } finally {
    await queue.close()
  }
  const bytes = await photo({ width: 320, height: 200 })
  await stand.originals.storage.put('uploads/b/1/storm.jpg', bytes, { contentType: 'image/jpeg' })
  await stand.openWorker()
  await until('it is ready', async () => {
    const answer = await home.ask('GET', `/v1/originals/${idOfKey('uploads/b/1/storm.jpg')}`)
    return ((await answer.json()) as { state?: string }).state === 'ready' || undefined
  })
})
