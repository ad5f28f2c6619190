// The queue contract on real engines, and what they add to it: workers that are killed, engines that fail, freeze or forget.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bullmqQueue } from '../../src/queue/bullmq.ts'
import { queueContract } from '../../src/queue/contract.ts'
import type { Queue, QueueOptions } from '../../src/queue/queue.ts'
import { until } from '../servers/daemon.ts'
import type { EngineServer } from '../servers/engine.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'

const WORKER = join(import.meta.dirname, 'queue-worker.ts')
const ENGINES: Record<string, () => Promise<EngineServer>> = { Redis: startRedis, PostgreSQL: startPostgres }

let cases = 0
const freshName = () => `case-${++cases}`
const opened: Queue[] = []

/** One participant; queues of one name are the same queue. */
async function partOf(url: string, name: string, options: Partial<QueueOptions> = {}): Promise<Queue> {
  const defaults = { concurrency: 1, ownerOf: (key: string) => key[0]!, random: () => 0, onTrouble: () => {} }
  const queue = await bullmqQueue({ ...defaults, ...options, url, name })
  opened.push(queue)
  return queue
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((queue) => queue.close()))
})

const isIdle = async (queue: Queue) => {
  const { waiting, running } = await queue.depth()
  return waiting + running === 0
}

for (const [engine, start] of Object.entries(ENGINES))
  describe(`the queue on ${engine}`, () => {
    let server: EngineServer
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server.close())

    queueContract({
      describe,
      it,
      async open({ workers: count, ...options }) {
        const name = freshName()
        const producer = await partOf(server.url, name, options)
        const workers = await Promise.all(Array.from({ length: count }, () => partOf(server.url, name, options)))
        return {
          producer,
          workers,
          async close() {
            await Promise.all([producer, ...workers].map((queue) => queue.close()))
          },
        }
      },
    })

    it('gives the jobs of a killed worker to another, and costs them nothing', async () => {
      const name = freshName()
      const producer = await partOf(server.url, name)
      const killed = spawn(process.execPath, [WORKER, server.url, name], { stdio: ['ignore', 'pipe', 'inherit'] })
      const taken: string[] = []
      killed.stdout.on('data', (text: Buffer) => void taken.push(...text.toString().trim().split('\n')))
      for (let round = 0; round < 2; round++) for (const key of ['a', 'b', 'c']) await producer.enqueue({ key })
      await until('it has taken two jobs', async () => taken.length === 2)
      const failures: unknown[] = []
      const runs: string[] = []
      const worker = await partOf(server.url, name, { onFailure: (...failure) => void failures.push(failure) })
      await worker.run(async ({ key }) => void runs.push(key))
      killed.kill('SIGKILL')
      await once(killed, 'exit')
      const since = performance.now()
      await until('everything ran', () => isIdle(producer))
      const seconds = (performance.now() - since) / 1000
      process.stdout.write(`${engine}: the jobs of a killed worker ran after ${seconds.toFixed(1)} s\n`)
      expect([...new Set(runs)].sort()).toEqual(['a', 'b', 'c'])
      expect(failures).toEqual([])
      expect(seconds).toBeLessThan(25)
    })

    it('answers soon in an outage, and afterwards everything that was accepted runs', async () => {
      const name = freshName()
      const producer = await partOf(server.url, name)
      const worker = await partOf(server.url, name)
      const leaving = await partOf(server.url, freshName())
      await leaving.run(async () => {})
      const failures: unknown[] = []
      const runs: string[] = []
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      await worker.run(async ({ key }) => {
        runs.push(key)
        if (key === 'running') await held
      })
      await producer.enqueue({ key: 'running' })
      await until('it runs', async () => runs.length === 1)
      for (let i = 0; i < 5; i++) await producer.enqueue({ key: `waiting${i}` })

      await server.stop()
      const since = performance.now()
      await expect(producer.enqueue({ key: 'too late' })).rejects.toMatchObject({ code: 'queue.unavailable' })
      expect(performance.now() - since).toBeLessThan(4000)
      await expect(producer.depth()).rejects.toMatchObject({ code: 'queue.unavailable' })
      release()
      await leaving.close()
      expect(performance.now() - since).toBeLessThan(8000)
      const before = process.cpuUsage()
      await sleep(3000)
      const { user, system } = process.cpuUsage(before)
      // Waiting for an engine is no work.
      expect((user + system) / 1e6).toBeLessThan(1)
      await server.start()

      const back = performance.now()
      await until('it is accepted again', async () => {
        await producer.enqueue({ key: 'afterwards' })
        return true
      })
      await until('everything ran', () => isIdle(producer))
      const seconds = (performance.now() - back) / 1000
      process.stdout.write(`${engine}: all was done ${seconds.toFixed(1)} s after the outage\n`)
      const expected = ['running', 'afterwards', ...Array.from({ length: 5 }, (_, i) => `waiting${i}`)]
      expect([...new Set(runs)].sort()).toEqual(expected.sort())
      expect(failures).toEqual([])
    })

    it('may be emptied at any time, also under a running job', async () => {
      const name = freshName()
      const producer = await partOf(server.url, name)
      const worker = await partOf(server.url, name)
      const runs: string[] = []
      let release = () => {}
      await worker.run(async ({ key }) => {
        runs.push(key)
        if (runs.length === 1)
          await new Promise<void>((resolve) => {
            release = resolve
          })
      })
      await producer.enqueue({ key: 'a' })
      await until('it runs', async () => runs.length === 1)
      for (const key of ['a', 'b', 'c']) await producer.enqueue({ key })
      await server.flush()
      release()
      for (const key of ['a', 'd']) await producer.enqueue({ key })
      await until('all ran', async () => runs.length >= 3 && (await isIdle(producer)))
      expect(runs.toSorted()).toEqual(['a', 'a', 'd'])
    })
  })

describe('the queue on a Redis that hangs', () => {
  it('answers soon, and works on when it wakes', async () => {
    const server = await startRedis()
    try {
      const queue = await partOf(server.url, freshName())
      server.freeze()
      const since = performance.now()
      await expect(queue.enqueue({ key: 'a' })).rejects.toMatchObject({ code: 'queue.unavailable' })
      expect(performance.now() - since).toBeLessThan(4000)
      server.thaw()
      await queue.enqueue({ key: 'b' })
    } finally {
      await server.close()
    }
  })

  it('says so where it cannot be reached at the start', async () => {
    const nowhere = { concurrency: 1, ownerOf: () => 'somebody', onTrouble: () => {}, name: 'x' }
    for (const url of ['redis://127.0.0.1:1', 'postgres://nobody@127.0.0.1:1/none'])
      await expect(bullmqQueue({ ...nowhere, url })).rejects.toMatchObject({ code: 'queue.unavailable' })
  })
})
