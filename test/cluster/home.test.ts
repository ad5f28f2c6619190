// The cluster home as its users run it: two servers that do not render, two workers, a bucket for each store, and an engine that travels jobs.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Upload } from '../../src/http/schemas.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Home, openHome } from '../hosts/harness.ts'
import { until } from '../servers/daemon.ts'
import type { EngineServer } from '../servers/engine.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'
import { type Watcher, watchEvents } from '../watcher.ts'
import { startWorker, type WorkerProcess } from './worker.ts'

const CONFIG = 'thumbsmith.yaml'
const UPLOADS = 50
const ENGINES: Record<string, () => Promise<EngineServer>> = { Redis: startRedis, PostgreSQL: startPostgres }

let s3: TestS3
beforeAll(async () => {
  s3 = await openTestS3()
})
afterAll(() => s3?.stop())

const running: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close()
})
function keep<T>(one: T, close: (one: T) => Promise<unknown>): T {
  running.push({ close: () => close(one) })
  return one
}

async function startHome(server: EngineServer) {
  const [originals, renditions] = [await s3.newStore(), await s3.newStore()]
  const url = (bucket: string) => `s3://${bucket}?endpoint=${s3.endpoint}&pathStyle=true`
  const env = {
    THUMBSMITH_ORIGINALS: url(originals.bucket),
    THUMBSMITH_RENDITIONS: url(renditions.bucket),
    THUMBSMITH_QUEUE: server.url,
    THUMBSMITH_DECODERS: '1',
    THUMBSMITH_SWEEP_SECONDS: '5',
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
  const openServer = async () =>
    keep(await openHome({ config: CONFIG, env, args: ['--no-render'] }), (home) => home.close())
  const openWorker = async () => keep(await startWorker(CONFIG, env), (worker) => worker.kill())
  return { renditions: renditions.storage, openServer, openWorker }
}

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

const readyIn = (watcher: Watcher) =>
  new Set(
    watcher.events.flatMap(({ event }) =>
      event.type === 'original' && event.original.state === 'ready' ? event.original.id : [],
    ),
  )

for (const [engine, start] of Object.entries(ENGINES))
  describe(`a cluster on ${engine}`, () => {
    it('renders everything though a worker is killed, and every server shows every state', async () => {
      const server = keep(await start(), (one) => one.close())
      const { openServer, openWorker } = await startHome(server)
      const [asked, other] = [await openServer(), await openServer()]
      const [first, second]: WorkerProcess[] = [await openWorker(), await openWorker()]
      const watcher = keep(await watchEvents(other.url, 'anybody'), async (one) => one.stop())

      const uploads = await uploadTo(asked, UPLOADS)
      await until('a few are ready', async () => readyIn(watcher).size >= 5)
      await first!.kill()
      const killed = performance.now()
      await until(
        'the other server has shown all as ready',
        async () => readyIn(watcher).size >= uploads.length,
        90_000,
      )
      process.stdout.write(
        `${engine}: all ${uploads.length} were ready ${((performance.now() - killed) / 1000).toFixed(1)} s after one of two workers was killed\n`,
      )
      for (const { id } of uploads) expect((await other.read(id)).state).toBe('ready')
      expect(await second!.stop()).toBe(0)
    })

    it('finds everything again when the queue is emptied, and stops in order under load', async () => {
      const server = keep(await start(), (one) => one.close())
      const { openServer, openWorker } = await startHome(server)
      const home = await openServer()
      const uploads = await uploadTo(home, 12)
      await server.flush()
      const worker = await openWorker()
      const states = async () => {
        const views = await Promise.all(uploads.map(({ id }) => home.read(id)))
        return views.map(({ state }) => state)
      }
      await until('something is ready', async () => (await states()).includes('ready'))
      const before = performance.now()
      expect(await worker.stop()).toBe(0)
      expect(performance.now() - before).toBeLessThan(30_000)
      // What was begun was finished: nothing is left half done.
      expect((await states()).filter((state) => state === 'rendering')).toEqual([])
      await openWorker()
      await until('all are ready', async () => (await states()).every((state) => state === 'ready'))
    })

    it('takes uploads while the engine is away, and renders them when it is back', async () => {
      const server = keep(await start(), (one) => one.close())
      const { openServer, openWorker } = await startHome(server)
      const home = await openServer()
      await openWorker()
      await server.stop()
      const uploads = await uploadTo(home, 3)
      await sleep(1000)
      await server.start()
      for (const { id } of uploads) expect((await home.settled(id)).state).toBe('ready')
    })
  })
