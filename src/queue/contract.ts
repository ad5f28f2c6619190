// What every queue must do, as a suite that runs under any test runner with `describe` and `it`.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { ThumbsmithError } from '../errors.ts'
import { byKey, gate, idle, isIdle, keysOf, type Open, type QueueHarness, record, until } from './contract-harness.ts'
import type { QueueOptions } from './queue.ts'

export interface QueueContractOptions {
  describe: (name: string, body: () => void) => void
  it: (name: string, run: () => Promise<void>) => unknown
  /** Called once for each case; `workers` is how many processes should work, where there can be several. */
  open: (options: QueueOptions & { workers: number }) => Promise<QueueHarness>
}

export function queueContract({ describe, it, open }: QueueContractOptions): void {
  describe('queue contract', () => {
    for (const [name, run] of Object.entries(cases))
      it(name, async () => {
        const opened: QueueHarness[] = []
        try {
          await run(async (options) => {
            const defaults = { concurrency: 1, workers: 1, ownerOf: () => 'somebody', random: () => 0 }
            const harness = await open({ ...defaults, ...options })
            opened.push(harness)
            return harness
          })
        } finally {
          await Promise.all(opened.map((harness) => harness.close()))
        }
      })
  })
}

const cases: Record<string, (open: Open) => Promise<void>> = {
  async 'one job a key while one waits'(open) {
    const { producer, workers } = await open()
    for (let i = 0; i < 5; i++) await producer.enqueue({ key: 'a' })
    const runs = await record(workers)
    await idle(producer)
    assert.deepEqual(keysOf(runs), ['a'])
  },

  async 'exactly one more run for any number of changes during a run'(open) {
    const { producer, workers } = await open({ workers: 2 })
    const { runs, handler } = gate()
    for (const worker of workers) await worker.run(handler)
    await producer.enqueue({ key: 'a' })
    await until(() => runs.length === 1)
    for (let i = 0; i < 5; i++) await producer.enqueue({ key: 'a' })
    await sleep(100)
    assert.equal(runs.length, 1, 'it waits for the first run')
    runs[0]!.end()
    await until(() => runs.length === 2)
    runs[1]!.end()
    await idle(producer)
    assert.equal(runs.length, 2)
  },

  async 'every change is seen by a run that began after it, one run a key at a time, and no more runs than allowed'(
    open,
  ) {
    const { producer, workers } = await open({ workers: 2, concurrency: 3 })
    const changed = new Map<string, number>()
    const seen = new Map<string, number>()
    const running = new Set<string>()
    let most = 0
    for (const worker of workers) {
      let here = 0
      await worker.run(async ({ key }) => {
        assert.ok(!running.has(key), `${key} runs twice at once`)
        running.add(key)
        most = Math.max(most, ++here)
        seen.set(key, changed.get(key)!)
        await sleep(Math.random() * 8)
        here--
        running.delete(key)
      })
    }
    for (let i = 1; i <= 120; i++) {
      const key = `k${i % 7}`
      changed.set(key, i)
      await producer.enqueue({ key })
      if (i % 10 === 0) await sleep(3)
    }
    await idle(producer)
    assert.deepEqual(byKey(seen), byKey(changed))
    assert.ok(most <= 3, `${most} runs at once`)
  },

  async 'as many runs at once as are allowed, and no more'(open) {
    const { producer, workers } = await open({ concurrency: 3 })
    const { runs, handler } = gate()
    for (const worker of workers) await worker.run(handler)
    for (const key of ['a', 'b', 'c', 'd', 'e']) await producer.enqueue({ key })
    await until(() => runs.length === 3)
    await sleep(100)
    assert.equal(runs.length, 3)
    runs[0]!.end()
    await until(() => runs.length === 4)
    for (const { end } of runs.slice(1)) end()
    await until(() => runs.length === 5)
    runs[4]!.end()
    await idle(producer)
  },

  async 'interactive before backfill, also where a key was queued as backfill first'(open) {
    const { producer, workers } = await open()
    await producer.enqueue({ key: 'old', priority: 'backfill' })
    await producer.enqueue({ key: 'both', priority: 'backfill' })
    await producer.enqueue({ key: 'new' })
    await producer.enqueue({ key: 'both', priority: 'interactive' })
    const runs = await record(workers)
    await idle(producer)
    assert.deepEqual(keysOf(runs), ['new', 'both', 'old'])
  },

  async 'a wish to refresh is not lost to a plain one, waiting or running'(open) {
    const { producer, workers } = await open()
    const { runs, handler } = gate()
    await producer.enqueue({ key: 'a', refresh: true })
    await producer.enqueue({ key: 'a' })
    for (const worker of workers) await worker.run(handler)
    await until(() => runs.length === 1)
    await producer.enqueue({ key: 'a', refresh: true })
    await producer.enqueue({ key: 'a' })
    const refreshed = () => runs.filter(({ job }) => job.refresh).length
    for (let ended = 0; refreshed() < 2; ended++) {
      await until(() => runs.length > ended)
      runs[ended]!.end()
    }
    await until(async () => {
      for (const run of runs) run.end()
      return isIdle(producer)
    })
    assert.equal(refreshed(), 2)
  },

  async 'what may succeed later is tried again with growing pauses, what is final never'(open) {
    const failures: [string, number | undefined][] = []
    const { producer, workers } = await open({
      onFailure: (_job, error, retryInMs) => void failures.push([error.code, retryInMs]),
    })
    let runs = 0
    for (const worker of workers)
      await worker.run(async ({ key }) => {
        runs++
        if (key === 'final') throw new ThumbsmithError('image.damaged')
        if (runs < 4) throw new ThumbsmithError(runs === 2 ? 'decoder.died' : 'storage.unavailable')
      })
    await producer.enqueue({ key: 'outage' })
    await idle(producer)
    assert.equal(runs, 4)
    await producer.enqueue({ key: 'final' })
    await idle(producer)
    assert.equal(runs, 5)
    assert.deepEqual(failures, [
      ['storage.unavailable', 125],
      ['decoder.died', 250],
      ['storage.unavailable', 500],
      ['image.damaged', undefined],
    ])
  },

  async 'a key that is asked for again does not wait for the backoff'(open) {
    const { producer, workers } = await open({ random: () => 200 })
    const { runs, handler } = gate()
    for (const worker of workers) await worker.run(handler)
    await producer.enqueue({ key: 'a' })
    await until(() => runs.length === 1)
    runs[0]!.fail(new ThumbsmithError('storage.unavailable'))
    await until(async () => (await producer.depth()).running === 0)
    await sleep(100)
    assert.equal(runs.length, 1, 'it waits')
    await producer.enqueue({ key: 'a' })
    await until(() => runs.length === 2)
    runs[1]!.end()
    await idle(producer)
    assert.equal(runs.length, 2)
  },

  async 'owners take turns'(open) {
    const { producer, workers } = await open({ ownerOf: (key) => key[0]! })
    const { runs, handler } = gate()
    for (let i = 0; i < 50; i++) await producer.enqueue({ key: `a${i}` })
    for (let i = 0; i < 50; i++) await producer.enqueue({ key: `b${i}`, priority: 'backfill' })
    for (const worker of workers) await worker.run(handler)
    const advance = async (to: number) => {
      for (let i = 0; i < to; i++) {
        await until(() => runs.length > i)
        runs[i]!.end()
      }
    }
    await advance(20)
    await until(() => runs.length === 21)
    await producer.enqueue({ key: 'c0' })
    await producer.enqueue({ key: 'c1' })
    await producer.enqueue({ key: 'd0', priority: 'backfill' })
    await advance(103)
    await idle(producer)
    const order = runs.map(({ job }) => job.key)
    assert.ok(order.indexOf('c0') <= 23, `c0 was ${order.indexOf('c0')}th`)
    assert.ok(order.indexOf('c1') <= 26, `c1 was ${order.indexOf('c1')}th`)
    assert.ok(order.indexOf('d0') <= 56, `d0 was ${order.indexOf('d0')}th`)
    for (const owner of ['a', 'b'])
      assert.deepEqual(
        order.filter((key) => key.startsWith(owner)),
        Array.from({ length: 50 }, (_, i) => `${owner}${i}`),
      )
  },

  async 'closing waits for what runs and begins nothing more'(open) {
    const { producer, workers } = await open()
    const { runs, handler } = gate()
    for (const worker of workers) await worker.run(handler)
    await producer.enqueue({ key: 'a' })
    await until(() => runs.length === 1)
    await producer.enqueue({ key: 'b' })
    let closed = false
    const closing = Promise.all(workers.map((worker) => worker.close())).then(() => {
      closed = true
    })
    await sleep(50)
    assert.equal(closed, false)
    runs[0]!.end()
    await closing
    assert.equal(runs.length, 1)
  },
}
