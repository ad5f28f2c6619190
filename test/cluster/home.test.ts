// The cluster home as its users run it: two servers that do not render, two workers, a bucket for each store, and an engine that travels jobs.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OriginalList, Upload } from '../../src/http/schemas.ts'
import { photo } from '../fixtures/pictures.ts'
import type { Home } from '../hosts/harness.ts'
import { until } from '../servers/daemon.ts'
import type { EngineServer } from '../servers/engine.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'
import { type Watcher, watchEvents } from '../watcher.ts'
import { openStand, type Stand } from './stand.ts'
import type { WorkerProcess } from './worker.ts'

const UPLOADS = 16
const ENGINES: Record<string, () => Promise<EngineServer>> = { Redis: startRedis, PostgreSQL: startPostgres }

let s3: TestS3
beforeAll(async () => {
  s3 = await openTestS3()
})
afterAll(() => s3?.stop())

async function uploadTo(home: Home, count: number): Promise<Upload[]> {
  const bytes = await photo({ width: 1600, height: 1200 })
  const uploads: Upload[] = []
  let begun = 0
  const uploadSome = async () => {
    while (begun++ < count) {
      const upload = await home.upload(bytes)
      uploads.push(upload)
      const done = await home.ask('POST', `/v1/originals/${upload.id}/complete`)
      expect(done.status).toBe(200)
    }
  }
  await Promise.all([uploadSome(), uploadSome()])
  return uploads
}

/** What a page of this server shows as ready: what it is told, and the list where it is told to read that anew. */
async function readyIn(watcher: Watcher, home: Home): Promise<Set<string>> {
  const events = watcher.events.map(({ event }) => event)
  const told = events.flatMap((event) => (event.type === 'original' ? event.original : []))
  const { originals } = events.some(({ type }) => type === 'reset')
    ? ((await (await home.ask('GET', '/v1/originals')).json()) as OriginalList)
    : { originals: [] }
  return new Set([...told, ...originals].filter(({ state }) => state === 'ready').map(({ id }) => id))
}

for (const [engine, start] of Object.entries(ENGINES))
  describe(`a cluster on ${engine}`, () => {
    let server: EngineServer
    let stand: Stand
    let [asked, other]: Home[] = []
    let [first, second]: WorkerProcess[] = []
    beforeAll(async () => {
      server = await start()
      stand = await openStand({ s3, queue: server.url })
      ;[asked, other, first, second] = await Promise.all([
        stand.openServer(),
        stand.openServer(),
        stand.openWorker(),
        stand.openWorker(),
      ])
    })
    afterAll(async () => {
      await stand?.close()
      await server?.close()
    })

    it('renders everything though a worker is killed, and every server shows every state', async () => {
      const watcher = await watchEvents(other!.url, 'anybody')
      const uploads = await uploadTo(asked!, UPLOADS)
      await until('a few are ready', async () => (await readyIn(watcher, other!)).size >= 2)
      await first!.kill()
      const killed = performance.now()
      await until(
        'the other server has shown all as ready',
        async () => (await readyIn(watcher, other!)).size >= uploads.length,
        90_000,
      )
      process.stdout.write(
        `${engine}: all ${uploads.length} were ready ${((performance.now() - killed) / 1000).toFixed(1)} s after one of two workers was killed\n`,
      )
      watcher.stop()
      for (const { id } of uploads) expect((await other!.read(id)).state).toBe('ready')
      expect(await second!.stop()).toBe(0)
    })

    it('finds everything again when the queue is emptied, and stops in order under load', async () => {
      const uploads = await uploadTo(asked!, 8)
      await server.flush()
      const worker = await stand.openWorker()
      const states = async () => {
        const views = await Promise.all(uploads.map(({ id }) => other!.read(id)))
        return views.map(({ state }) => state)
      }
      await until('something is ready', async () => (await states()).includes('ready'))
      const before = performance.now()
      expect(await worker.stop()).toBe(0)
      expect(performance.now() - before).toBeLessThan(30_000)
      // What was begun was finished: nothing is left half done.
      expect((await states()).filter((state) => state === 'rendering')).toEqual([])
      await stand.openWorker()
      await until('all are ready', async () => (await states()).every((state) => state === 'ready'))
    })

    it('takes uploads while the engine is away, and renders them when it is back', async () => {
      await server.stop()
      const uploads = await uploadTo(asked!, 3)
      await sleep(1000)
      await server.start()
      for (const { id } of uploads) expect((await asked!.settled(id)).state).toBe('ready')
    })
  })
