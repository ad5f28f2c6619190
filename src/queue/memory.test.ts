import { afterEach, describe, expect, it } from 'vitest'
import { ThumbsmithError } from '../errors.ts'
import { memoryQueue } from './memory.ts'
import type { Job, Queue } from './queue.ts'

const open: Queue[] = []
const queue = (concurrency: number, onFailure?: (job: Job, error: Error, retryInMs: number | undefined) => void) => {
  const made = memoryQueue({ concurrency, random: () => 0, ...(onFailure ? { onFailure } : {}) })
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

/** A handler whose runs end when the test says so. */
function gate() {
  const runs: { job: Job; end: () => void; fail: (error: Error) => void }[] = []
  const handler = (job: Job) => new Promise<void>((end, fail) => runs.push({ job, end, fail }))
  return { runs, handler }
}
const idle = async (one: Queue) => {
  for (let depth = await one.depth(); depth.running + depth.waiting > 0; depth = await one.depth())
    await new Promise((resolve) => setTimeout(resolve, 5))
}
const tick = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('the in-process queue', () => {
  it('runs one job a key while one waits, and exactly one more for any change during its run', async () => {
    const one = queue(1)
    const { runs, handler } = gate()
    for (let i = 0; i < 5; i++) await one.enqueue({ key: 'a' })
    one.run(handler)
    expect(runs).toHaveLength(1)
    for (let i = 0; i < 5; i++) await one.enqueue({ key: 'a' })
    runs[0]!.end()
    await tick()
    expect(runs).toHaveLength(2)
    runs[1]!.end()
    await idle(one)
    expect(runs).toHaveLength(2)
  })

  it('never runs one key twice at once, and no more jobs than allowed', async () => {
    const one = queue(3)
    const running = new Map<string, number>()
    let most = 0
    one.run(async ({ key }) => {
      running.set(key, (running.get(key) ?? 0) + 1)
      expect(running.get(key)).toBe(1)
      most = Math.max(
        most,
        [...running.values()].reduce((a, b) => a + b),
      )
      await tick()
      running.set(key, running.get(key)! - 1)
    })
    for (let i = 0; i < 60; i++) {
      await one.enqueue({ key: `k${i % 7}` })
      if (i % 10 === 0) await tick()
    }
    await idle(one)
    expect(most).toBe(3)
  })

  it('runs interactive jobs before backfill, and a job asked for in both ways as interactive', async () => {
    const one = queue(1)
    const order: string[] = []
    await one.enqueue({ key: 'old', priority: 'backfill' })
    await one.enqueue({ key: 'both', priority: 'backfill', refresh: true })
    await one.enqueue({ key: 'new' })
    await one.enqueue({ key: 'both' })
    one.run(async (job) => void order.push(`${job.key}${job.refresh ? '+refresh' : ''}`))
    await idle(one)
    expect(order).toEqual(['new', 'both+refresh', 'old'])
  })

  it('tries an outage again for ever, and what is final never', async () => {
    const failures: (number | undefined)[] = []
    const one = queue(1, (_, __, retryInMs) => failures.push(retryInMs))
    let runs = 0
    one.run(async ({ key }) => {
      runs++
      if (key === 'final') throw new ThumbsmithError('image.damaged')
      if (runs < 4) throw new ThumbsmithError('storage.unavailable')
    })
    await one.enqueue({ key: 'outage' })
    await idle(one)
    expect(runs).toBe(4)
    await one.enqueue({ key: 'final' })
    await idle(one)
    expect(runs).toBe(5)
    expect(failures).toEqual([125, 250, 500, undefined])
  })

  it('does not wait for the backoff when the key is asked for again', async () => {
    const one = queue(1)
    const { runs, handler } = gate()
    one.run(handler)
    await one.enqueue({ key: 'a' })
    runs[0]!.fail(new ThumbsmithError('storage.unavailable'))
    await tick()
    await one.enqueue({ key: 'a' })
    expect(runs).toHaveLength(2)
    runs[1]!.end()
    await idle(one)
    expect(runs).toHaveLength(2)
  })

  it('waits for what runs when it is closed, and begins nothing more', async () => {
    const one = queue(1)
    const { runs, handler } = gate()
    one.run(handler)
    await one.enqueue({ key: 'a' })
    await one.enqueue({ key: 'b' })
    let closed = false
    const closing = one.close().then(() => {
      closed = true
    })
    await tick()
    expect(closed).toBe(false)
    runs[0]!.end()
    await closing
    expect(runs).toHaveLength(1)
  })
})
