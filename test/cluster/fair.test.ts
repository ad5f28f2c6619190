// Two owners on a cluster: one has ten thousand jobs waiting, and the single upload of the other is still done at nearly its usual time.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { openQueue } from '../../src/hosts/engine.ts'
import { photo } from '../fixtures/pictures.ts'
import type { EngineServer } from '../servers/engine.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'
import { openStand } from './stand.ts'

const JOBS = 10_000
/** Of the jobs that wait, each so many-th is a picture to render; the others look at a key where nothing is. */
const PICTURE_EVERY = 20
const SAMPLES = 7
const ENGINES: [string, () => Promise<EngineServer>][] = [
  ['Redis', startRedis],
  ['PostgreSQL', startPostgres],
]
const silent = { debug() {}, info() {}, warn() {}, error() {} }

let s3: TestS3
beforeAll(async () => {
  s3 = await openTestS3()
})
afterAll(() => s3?.stop())

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** Runs `work` for 0..count-1, a few at a time. */
async function each(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const some = async () => {
    for (let i = next++; i < count; i = next++) await work(i)
  }
  await Promise.all(Array.from({ length: 32 }, some))
}

it.each(ENGINES)('on %s', { retry: 1 }, async (engine, start) => {
  const server = await start()
  const stand = await openStand({ s3, queue: server.url, env: { THUMBSMITH_SWEEP_SECONDS: '3600' } })
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...settings } = stand.env
  const queue = await openQueue(readConfig({ ...settings, THUMBSMITH_CONFIG: 'thumbsmith.yaml' }), 1, silent)
  try {
    const [home] = await Promise.all([stand.openServer(), stand.openWorker()])
    const bytes = await photo({ width: 3000, height: 2000 })
    const oneUpload = async () => {
      const { id } = await home.upload(bytes)
      const since = performance.now()
      expect((await home.ask('POST', `/v1/originals/${id}/complete`)).status).toBe(200)
      while ((await home.read(id)).state !== 'ready') await sleep(10)
      return performance.now() - since
    }
    const sample = async () => {
      const times: number[] = []
      for (let i = 0; i < SAMPLES; i++) times.push(await oneUpload())
      return median(times)
    }
    await oneUpload()
    const idle = await sample()

    const small = await photo({ width: 160, height: 120 })
    const keyOf = (i: number) => `uploads/many/${i}/photo.jpg`
    await each(JOBS / PICTURE_EVERY, (i) =>
      stand.originals.storage.put(keyOf(i * PICTURE_EVERY), small, { contentType: 'image/jpeg' }),
    )
    const since = performance.now()
    await each(JOBS, (i) => queue.enqueue({ key: keyOf(i) }))
    const perSecond = JOBS / ((performance.now() - since) / 1000)
    const busy = await sample()
    const { waiting } = await queue.depth()
    process.stdout.write(
      `${engine}: ${perSecond.toFixed(0)} enqueued a second; an upload is ready after ${idle.toFixed(0)} ms, behind ${JOBS} jobs of another after ${busy.toFixed(0)} ms (${waiting} wait still)\n`,
    )
    expect(waiting).toBeGreaterThan(JOBS / 4)
    expect(busy).toBeLessThan(3 * idle)
  } finally {
    await queue.close()
    await stand.close()
    await server.close()
  }
})
