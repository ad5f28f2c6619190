// What processes know of one another, on real engines: messages, gaps, presence and who leads.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { postgresCluster } from '../../src/cluster/postgres.ts'
import { redisCluster } from '../../src/cluster/redis.ts'
import { sharedFeed } from '../../src/cluster-feed.ts'
import { memoryFeed } from '../../src/feed.ts'
import { until } from '../servers/daemon.ts'
import type { EngineServer } from '../servers/engine.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'

const ENGINES = {
  Redis: { start: startRedis, open: redisCluster },
  PostgreSQL: { start: startPostgres, open: postgresCluster },
}

for (const [engine, { start, open }] of Object.entries(ENGINES))
  describe(`a cluster on ${engine}`, () => {
    let server: EngineServer
    let name = ''
    const opened: Cluster[] = []
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server.close())
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((cluster) => cluster.close()))
    })

    async function member(instance: string = randomUUID()): Promise<Cluster> {
      const cluster = await open({ url: server.url, name, instance })
      opened.push(cluster)
      return cluster
    }
    const fresh = () => {
      name = `cluster-${randomUUID().slice(0, 8)}`
    }

    it('tells every other process what one says, and nobody of another system', async () => {
      fresh()
      const [speaker, ...others] = [await member(), await member(), await member()]
      name = 'another'
      const stranger = await member()
      const heard = [speaker!, ...others, stranger].map((cluster) => {
        const messages: string[] = []
        cluster.subscribe(
          (message) => void messages.push(message),
          () => void messages.push('gap'),
        )
        return messages
      })
      for (let i = 0; i < 20; i++) speaker!.publish(`message ${i} – “ü” 🙂`)
      await until('they heard it', async () => heard[1]!.length === 20 && heard[2]!.length === 20)
      expect(heard[1]).toEqual(Array.from({ length: 20 }, (_, i) => `message ${i} – “ü” 🙂`))
      expect(heard[2]).toEqual(heard[1])
      expect([heard[0], heard[3]]).toEqual([[], []])
    })

    it('knows who is there', async () => {
      fresh()
      const [a, b] = [randomUUID(), randomUUID()]
      const one = await member(a)
      expect(await one.isPresent(b)).toBe(false)
      const other = await member(b)
      expect([await one.isPresent(a), await one.isPresent(b), await other.isPresent(a)]).toEqual([true, true, true])
      await other.close()
      await until('it is gone', async () => !(await one.isPresent(b)))
    })

    it('has one leader until that ends', async () => {
      fresh()
      const [one, other] = [await member(), await member()]
      expect([await one.leads(), await other.leads(), await one.leads(), await other.leads()]).toEqual([
        true,
        false,
        true,
        false,
      ])
      await one.close()
      await until('the other leads', () => other.leads())
    })

    it('says again what a connection did not carry', async () => {
      fresh()
      const instance = randomUUID()
      const [one, other] = [await member(instance), await member()]
      const heard = new Set<string>()
      other.subscribe(
        (message) => void heard.add(message),
        () => void heard.add('gap'),
      )
      for (let i = 0; i < 20; i++) {
        if (i === 10) await server.cutOff(instance)
        one.publish(`message ${i}`)
      }
      await until('all is heard', async () => heard.size === 20)
      expect([...heard]).toEqual(Array.from({ length: 20 }, (_, i) => `message ${i}`))
    })

    it('says all before it ends', async () => {
      fresh()
      const [one, other] = [await member(), await member()]
      const heard: string[] = []
      other.subscribe(
        (message) => void heard.push(message),
        () => {},
      )
      for (let i = 0; i < 200; i++) one.publish(`message ${i}`)
      await one.close()
      await until('all is heard', async () => heard.length === 200)
    })

    it('says that something was missed in place of what is too long', async () => {
      fresh()
      const [one, other] = [await member(), await member()]
      const heard: string[] = []
      other.subscribe(
        (message) => void heard.push(`${message.length} characters`),
        () => void heard.push('gap'),
      )
      one.publish('x'.repeat(9_000))
      await until('it is heard', async () => heard.length === 1)
      expect(heard).toEqual([engine === 'Redis' ? '9000 characters' : 'gap'])
    })

    it('says that something may have been missed after an outage, and is whole again', async () => {
      fresh()
      const instance = randomUUID()
      const [one, other] = [await member(), await member(instance)]
      let gaps = 0
      const heard: string[] = []
      other.subscribe(
        (message) => void heard.push(message),
        () => void gaps++,
      )
      await server.stop()
      await expect(one.isPresent(instance)).rejects.toMatchObject({ code: 'queue.unavailable' })
      await expect(one.leads()).rejects.toMatchObject({ code: 'queue.unavailable' })
      await sleep(300)
      await server.start()
      await until('it has noticed', async () => gaps === 1)
      await until('it is there again', () => one.isPresent(instance))
      await until('one leads', () => one.leads())
      await until('it is heard again', async () => {
        one.publish('found')
        await sleep(50)
        return heard.includes('found')
      })
    })

    it('takes nobody for gone who may be on the way back after an outage', async () => {
      fresh()
      const instance = randomUUID()
      const [one, other] = [await member(), await member(instance)]
      await server.stop()
      await other.close()
      await server.start()
      let first: boolean | undefined
      await until('it can be asked', async () => {
        first = await one.isPresent(instance).catch(() => undefined)
        return first !== undefined
      })
      expect(first).toBe(true)
      await until('it is gone', async () => !(await one.isPresent(instance)))
    })

    it('carries changes from one feed to another, and asks those who watch to read anew after a gap', async () => {
      fresh()
      const here = sharedFeed(memoryFeed(), await member())
      const there = sharedFeed(memoryFeed(), await member())
      const seen: unknown[] = []
      there.subscribe(
        (change) => void seen.push(change),
        () => void seen.push('gap'),
      )
      const change = { key: 'uploads/ann/1/ü "x".jpg', owner: 'ann', kind: 'changed' as const }
      here.publish(change)
      await until('it has come over', async () => seen.length === 1)
      there.publish({ ...change, kind: 'removed' })
      expect(seen).toEqual([
        { ...change, sequence: 1 },
        { ...change, kind: 'removed', sequence: 2 },
      ])
      expect(there.since(there.epoch, 1)).toHaveLength(1)
      await server.stop()
      await server.start()
      await until('the gap is known', async () => seen.includes('gap'))
      expect(there.since(there.epoch, 2)).toBeUndefined()
      expect(there.since(there.epoch, there.last())).toEqual([])
    })
  })

it('listens again where Redis refused that after an outage', async () => {
  const server = await startRedis()
  const admin = new Redis(server.url)
  const [instance, name] = [randomUUID(), 'refused']
  const cluster = await redisCluster({ url: server.url, name, instance })
  const listeners = async () => Number((await admin.pubsub('NUMSUB', `${name}:present:${instance}`))[1])
  try {
    await admin.call('ACL', 'SETUSER', 'default', '-subscribe')
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await sleep(500)
    expect(await listeners()).toBe(0)
    await admin.call('ACL', 'SETUSER', 'default', '+subscribe')
    await until('it listens', async () => (await listeners()) === 1)
  } finally {
    await cluster.close()
    admin.disconnect()
    await server.close()
  }
})
