// The in-process queue: one job a key, interactive before backfill, retries with backoff. It may be lost at any time: the sweep finds the work again.
import { toThumbsmithError } from '../errors.ts'
import { memoryLane } from './memory-lane.ts'
import { type Job, planRetry, type Queue, type QueueOptions } from './queue.ts'

export function memoryQueue({ concurrency, ownerOf, onFailure, random = Math.random }: QueueOptions): Queue {
  const waiting = { interactive: memoryLane(ownerOf), backfill: memoryLane(ownerOf) }
  const running = new Map<string, Promise<void>>()
  /** What was asked for while the key ran. */
  const again = new Map<string, Job>()
  const tries = new Map<string, number>()
  const delayed = new Map<string, { job: Job; timer: NodeJS.Timeout }>()
  let handler: ((job: Job) => Promise<void>) | undefined
  let closed = false

  function add(job: Job): void {
    const later = delayed.get(job.key)
    if (later) clearTimeout(later.timer)
    delayed.delete(job.key)
    const known = waiting.interactive.get(job.key) ?? waiting.backfill.get(job.key) ?? later?.job
    const merged = mergeJobs(known, job)
    if (running.has(job.key)) {
      again.set(job.key, mergeJobs(again.get(job.key), merged))
      return
    }
    const lane = merged.priority ?? 'interactive'
    if (lane === 'interactive') waiting.backfill.delete(job.key)
    waiting[lane].set(merged)
    pump()
  }

  function pump(): void {
    while (handler && !closed && running.size < concurrency) {
      const job = waiting.interactive.shift() ?? waiting.backfill.shift()
      if (!job) return
      running.set(job.key, runOne(job, handler))
    }
  }

  async function runOne(job: Job, handle: (job: Job) => Promise<void>): Promise<void> {
    try {
      await handle(job)
      tries.delete(job.key)
    } catch (thrown) {
      retryLater(job, thrown)
    } finally {
      running.delete(job.key)
      const next = again.get(job.key)
      again.delete(job.key)
      if (next && !closed) add(next)
      pump()
    }
  }

  function retryLater(job: Job, thrown: unknown): void {
    const error = toThumbsmithError(thrown)
    const count = (tries.get(job.key) ?? 0) + 1
    const retryInMs = planRetry(error, count, random)
    onFailure?.(job, error, retryInMs)
    if (retryInMs === undefined) tries.delete(job.key)
    else tries.set(job.key, count)
    if (retryInMs === undefined || again.has(job.key) || closed) return
    const timer = setTimeout(() => add(job), retryInMs)
    timer.unref()
    delayed.set(job.key, { job, timer })
  }

  return {
    async enqueue(job) {
      if (!closed) add(job)
    },
    async run(handle) {
      handler = handle
      pump()
    },
    async depth() {
      return {
        waiting: waiting.interactive.size() + waiting.backfill.size() + delayed.size + again.size,
        running: running.size,
      }
    },
    async close() {
      closed = true
      for (const { timer } of delayed.values()) clearTimeout(timer)
      await Promise.allSettled(running.values())
    },
  }
}

/** Two wishes for one key: the more urgent, and the more thorough. */
function mergeJobs(a: Job | undefined, b: Job): Job {
  if (!a) return b
  const interactive = a.priority !== 'backfill' || b.priority !== 'backfill'
  return {
    key: b.key,
    refresh: (a.refresh ?? false) || (b.refresh ?? false),
    priority: interactive ? 'interactive' : 'backfill',
  }
}
