// The queue contract on real engines, and what they add to it: workers that are killed, engines that fail, freeze or forget.
import { afterAll, beforeAll, describe, it } from 'vitest'
import { bullmqQueue } from '../../src/queue/bullmq.ts'
import { queueContract } from '../../src/queue/contract.ts'
import type { QueueOptions } from '../../src/queue/queue.ts'
import type { EngineServer } from '../servers/engine.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'

const ENGINES: Record<string, () => Promise<EngineServer>> = { Redis: startRedis, PostgreSQL: startPostgres }

for (const [name, start] of Object.entries(ENGINES))
  describe(`the queue on ${name}`, () => {
    let server: EngineServer
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server.close())

    let opened = 0
    const open = async (options: QueueOptions & { workers: number }) => {
      const names = { url: server.url, name: `case-${++opened}`, onTrouble: () => {} }
      const queue = () => bullmqQueue({ ...options, ...names })
      const producer = await queue()
      const workers = await Promise.all(Array.from({ length: options.workers }, queue))
      return {
        producer,
        workers,
        async close() {
          await Promise.all([producer, ...workers].map((one) => one.close()))
        },
      }
    }
    queueContract({ describe, it, open })
  })
