// Conditional writes on a bucket that knows none: a lock on the engine stands in, also against other processes.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { postgresCluster } from '../../src/cluster/postgres.ts'
import { redisCluster } from '../../src/cluster/redis.ts'
import { lockByTrying } from '../../src/lock.ts'
import { keepsConditions, lockedStorage } from '../../src/storage/conditions.ts'
import { preconditionCases } from '../../src/storage/contract-objects.ts'
import { readAll, type Storage } from '../../src/storage/storage.ts'
import type { EngineServer } from '../servers/engine.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'

const ENGINES = {
  Redis: { start: startRedis, open: redisCluster },
  PostgreSQL: { start: startPostgres, open: postgresCluster },
}
const WRITERS = 4
const WRITES_EACH = 15
const TEXT = { contentType: 'text/plain' }

/** A real bucket, to which conditions do not get through. */
function forgetful(storage: Storage): Storage {
  return {
    ...storage,
    put: (key, body, { ifMatch: _match, ifNoneMatch: _none, ...options }) => storage.put(key, body, options),
    delete: (key) => storage.delete(key),
  }
}

let s3: TestS3
beforeAll(async () => {
  s3 = await openTestS3()
})
afterAll(() => s3?.stop())

for (const [engine, { start, open }] of Object.entries(ENGINES))
  describe(`with a lock on ${engine}`, () => {
    let server: EngineServer
    const opened: Cluster[] = []
    beforeAll(async () => {
      server = await start()
    })
    afterAll(async () => {
      await Promise.all(opened.map((cluster) => cluster.close()))
      await server?.close()
    })
    async function lock() {
      const cluster = await open({ url: server.url, name: 'conditions', instance: randomUUID() })
      opened.push(cluster)
      return lockByTrying(cluster.tryLock)
    }

    it('is needed there, and then conditions are kept', async () => {
      const { storage } = await s3.newStore()
      const bucket = forgetful(storage)
      expect(await keepsConditions(storage, 'probe')).toBe(true)
      expect(await keepsConditions(bucket, 'probe')).toBe(false)
      expect(await keepsConditions(lockedStorage(bucket, await lock()), 'probe')).toBe(true)
      await storage.close()
    })

    for (const [name, run] of Object.entries(preconditionCases))
      it(`contract: ${name}`, async () => {
        const { storage } = await s3.newStore()
        const bucket = lockedStorage(forgetful(storage), await lock())
        await run({ storage: bucket, send: (request) => fetch(request), close: () => storage.close() })
        await storage.close()
      })

    it('no change is lost where several processes count together', async () => {
      const { storage } = await s3.newStore()
      const count = async (bucket: Storage, times: number) => {
        for (let done = 0; done < times; ) {
          const body = await bucket.get('count')
          const now = body ? Number(Buffer.from(await readAll(body.stream, 100))) : 0
          const condition = body ? { ifMatch: body.head.etag } : { ifNoneMatch: '*' as const }
          try {
            await bucket.put('count', Buffer.from(String(now + 1)), { ...TEXT, ...condition })
            done++
          } catch (error) {
            expect(error).toMatchObject({ code: 'storage.precondition_failed' })
          }
        }
      }
      const writers = await Promise.all(Array.from({ length: WRITERS }, lock))
      await Promise.all(writers.map((held) => count(lockedStorage(forgetful(storage), held), WRITES_EACH)))
      const body = await storage.get('count')
      expect(Buffer.from(await readAll(body!.stream, 100)).toString()).toBe(String(WRITERS * WRITES_EACH))
      await storage.close()
    })

    it('goes to one at a time, whoever gave it back', async () => {
      const [first, second] = await Promise.all(
        ['a', 'b'].map((instance) => open({ url: server.url, name: 'holders', instance })),
      )
      opened.push(second!)
      const held = await first!.tryLock('x')
      expect(await held?.isHeld()).toBe(true)
      expect(await first!.tryLock('x')).toBeUndefined()
      expect(await second!.tryLock('x')).toBeUndefined()
      expect(await second!.tryLock('y')).toBeDefined()
      await held!.release()
      const taken = await second!.tryLock('x')
      expect([await held!.isHeld(), await taken?.isHeld()]).toEqual([false, true])
      await held!.release()
      expect(await taken?.isHeld()).toBe(true)
      await first!.close()
    })
  })
