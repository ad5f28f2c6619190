import { describe, expect, it } from 'vitest'
import { ThumbsmithError } from '../errors.ts'
import { queueContract } from './contract.ts'
import { memoryQueue } from './memory.ts'
import { planRetry } from './queue.ts'

describe('the in-process queue', () => {
  queueContract({
    describe,
    it,
    async open(options) {
      const queue = memoryQueue(options)
      return { producer: queue, workers: [queue], close: () => queue.close() }
    },
  })

  it('merges what is asked for twice into one run', async () => {
    const queue = memoryQueue({ concurrency: 1, ownerOf: () => 'somebody' })
    const runs: unknown[] = []
    await queue.enqueue({ key: 'a', priority: 'backfill', refresh: true })
    await queue.enqueue({ key: 'a' })
    await queue.run(async (job) => void runs.push(job))
    await queue.close()
    expect(runs).toEqual([{ key: 'a', priority: 'interactive', refresh: true }])
  })
})

describe('a retry', () => {
  it('comes twice as late each time, spread by half, at most half a minute later, and never ends for an outage', () => {
    const outage = new ThumbsmithError('storage.unavailable')
    expect([1, 2, 3].map((tries) => planRetry(outage, tries, () => 0))).toEqual([125, 250, 500])
    expect([1, 2, 3].map((tries) => planRetry(outage, tries, () => 1))).toEqual([375, 750, 1500])
    expect(planRetry(outage, 1000, () => 0.5)).toBe(30_000)
  })

  it('ends for an error that nobody knows after eight tries, and for what is final at once', () => {
    const unknown = new ThumbsmithError('internal')
    expect(planRetry(unknown, 7, () => 0.5)).toBe(16_000)
    expect(planRetry(unknown, 8, () => 0.5)).toBeUndefined()
    expect(planRetry(new ThumbsmithError('image.damaged'), 1, () => 0.5)).toBeUndefined()
  })
})
