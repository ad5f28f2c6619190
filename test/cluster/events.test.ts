// The door for store events under load: it answers at once, also while a store repeats one event without a pause, and that costs one look.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
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

const STEADY_PER_SECOND = 200
/** How often Ceph was seen to repeat an event that it got no thanks for. */
const STORM_PER_SECOND = 1650
const stormKey = () => 'uploads/b/1/storm.jpg'
const ANSWER_MS = 50
/** A server that does nothing, in a process of its own: how late its answers are, the machine is to blame for. */
const BARE =
  "require('http').createServer((q, a) => q.resume().on('end', () => a.writeHead(204).end())).listen(0, '127.0.0.1', function () { console.log(this.address().port) })"

let s3: TestS3
let redis: RedisServer
let stand: Stand
let home: Home
let bare: { url: string; end(): void }
const secret = crypto.randomUUID()

beforeAll(async () => {
  ;[s3, redis] = await Promise.all([openTestS3(), startRedis()])
  const env = { THUMBSMITH_EVENTS_SECRET: secret, THUMBSMITH_SWEEP_SECONDS: '3600' }
  stand = await openStand({ s3, queue: redis.url, env })
  home = await stand.openServer()
  const child = spawn(process.execPath, ['-e', BARE], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  bare = { url: `http://127.0.0.1:${Number(port)}`, end: () => child.kill() }
  // A process that has just started is slower, until what a storm takes is compiled: docs/decisions/012-cluster.md says by how much.
  const first = await send(STORM_PER_SECOND, 4, stormKey)
  expect([...first.statuses]).toEqual([204])
  say('the first storm of the process', first)
})
afterAll(async () => {
  bare?.end()
  await stand?.close()
  await redis?.close()
  await s3?.stop()
})

interface Sent {
  times: number[]
  statuses: Set<number>
  /** The same to the bare server, at the same time: one for every tenth event. */
  bareTimes: number[]
}

/** Sends so many events a second, whether answers come or not; gives how long each answer took. */
async function send(perSecond: number, seconds: number, keyOf: (i: number) => string): Promise<Sent> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const url = new URL(`/events/s3?secret=${secret}`, home.url)
  const sent: Sent = { times: [], statuses: new Set(), bareTimes: [] }
  const one = (to: URL | string, key: string) =>
    new Promise<void>((resolve, reject) => {
      const object = { bucket: { name: stand.originals.bucket }, object: { key } }
      const Records = [{ eventSource: 'ceph:s3', eventName: 's3:ObjectCreated:Put', s3: object }]
      const asked = request(to, { method: 'POST', agent }, (answer) => {
        const times = to === url ? sent.times : sent.bareTimes
        times.push(performance.now() - since)
        sent.statuses.add(answer.statusCode ?? 0)
        answer.resume().on('end', resolve)
      }).on('error', reject)
      const since = performance.now()
      asked.end(JSON.stringify({ Records }))
    })
  const all: Promise<void>[] = []
  const bares: Promise<void>[] = []
  const begun = performance.now()
  const count = perSecond * seconds
  while (all.length < count) {
    const due = Math.min(count, ((performance.now() - begun) / 1000) * perSecond)
    while (all.length < due) {
      if (all.length % 10 === 0) bares.push(one(bare.url, ''))
      all.push(one(url, keyOf(all.length)))
    }
    await sleep(1)
  }
  await Promise.all([...all, ...bares])
  agent.destroy()
  for (const times of [sent.times, sent.bareTimes]) times.sort((a, b) => a - b)
  return sent
}
const share = (sorted: number[], part: number) => sorted[Math.floor(sorted.length * part)]!

/** What a server that does nothing needs at the same time is the machine's own. */
function expectPrompt({ times, bareTimes }: Sent): void {
  expect(share(times, 0.99) - share(bareTimes, 0.99)).toBeLessThan(ANSWER_MS)
}

const say = (name: string, { times, bareTimes }: Sent) => {
  const [p50, p99, bareP99] = [share(times, 0.5), share(times, 0.99), share(bareTimes, 0.99)].map((ms) => ms.toFixed(1))
  process.stdout.write(`${name}: p50 ${p50} ms, p99 ${p99} ms; a server that does nothing: p99 ${bareP99} ms\n`)
}

// What else runs on the machine may spoil one measurement.
it(`thanks for ${STEADY_PER_SECOND} events a second within ${ANSWER_MS} ms`, { retry: 3 }, async () => {
  const keyOf = (i: number) => `uploads/a/${i}/x.jpg`
  await send(20, 1, keyOf)
  const sent = await send(STEADY_PER_SECOND, 4, keyOf)
  say('a steady stream of new keys', sent)
  expect([...sent.statuses]).toEqual([204])
  expectPrompt(sent)
})

it('thanks for every event of a storm, and is itself again at once', { retry: 2 }, async () => {
  const storm = await send(STORM_PER_SECOND, 4, stormKey)
  say(`a storm of one event, ${STORM_PER_SECOND} a second`, storm)
  expect([...storm.statuses]).toEqual([204])
  expectPrompt(storm)
  const after = await send(50, 2, stormKey)
  expect([...after.statuses]).toEqual([204])
  expectPrompt(after)
})

it('keeps of a storm one job, which waits its turn and is run', async () => {
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...settings } = stand.env
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const queue = await openQueue(readConfig({ ...settings, THUMBSMITH_CONFIG: 'thumbsmith.yaml' }), 1, silent)
  try {
    expect((await queue.depth()).waiting).toBe(STEADY_PER_SECOND * 4 + 1)
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
