// The queue on BullMQ: jobs travel through Redis or PostgreSQL to any number of workers. It may be emptied at any time: the sweep finds the work again.
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job as BullmqJob } from 'bullmq'
import { ThumbsmithError, toThumbsmithError } from '../errors.ts'
import { bullmqEngine, type Wish } from './bullmq-engine.ts'
import { gather, type Said } from './bullmq-gather.ts'
import { bullmqTurns } from './bullmq-turns.ts'
import { type Job, planRetry, type Queue, type QueueOptions } from './queue.ts'

export interface BullmqQueueOptions extends QueueOptions {
  /** `redis://…`, `rediss://…` or `postgres://…`. */
  url: string
  /** Sets this queue apart from others on the same engine. */
  name: string
  /** Told of trouble with the engine, at most once in a while. */
  onTrouble: (detail: string) => void
}

/** Whoever asks waits no longer for an engine that does not answer. */
const ANSWER_WITHIN_MS = 3_000
/** How long a worker may be silent before its jobs are given to another. Decoding happens in other processes, so it never blocks this one. */
const LOCK_MS = 15_000
const STALLED_CHECK_MS = 5_000
const TROUBLE_EVERY_MS = 10_000
/** A store that repeats an event does so more than a thousand times a second, and waits for each answer: it should come within 50 ms. */
const REPEAT_MS = 10
/** Jobs are never given up for having failed or stalled often: `planRetry` and the manifest decide. */
const WITHOUT_END = 1_000_000_000

/** Throws `queue.unavailable` where the engine cannot be reached now. */
export async function bullmqQueue(options: BullmqQueueOptions): Promise<Queue> {
  const { url, name, concurrency, ownerOf, onFailure, random = Math.random } = options
  const engine = bullmqEngine(url, name)
  const queue = engine.openQueue()
  const onError = troubleReporter(options.onTrouble)
  queue.on('error', onError)
  const turns = bullmqTurns(async () => {
    const [head] = await queue.getPrioritized(0, 0)
    return head?.priority
  })
  let worker: ReturnType<typeof engine.openWorker> | undefined
  const busy = new Map<string, Promise<void>>()
  let closing = false

  async function add(job: Job): Promise<void> {
    const lane = job.priority ?? 'interactive'
    const owner = ownerOf(job.key)
    const priority = await turns.take(owner, lane)
    const id = randomUUID()
    const wish: Wish = job.refresh ? { key: job.key, refresh: true } : { key: job.key }
    const added = await queue.add('look', wish, {
      jobId: id,
      priority,
      // What was asked for during a run runs after it; what waits out a backoff runs now.
      deduplication: { id: identityOf(wish), keepLastIfActive: true, reschedule: true },
      attempts: WITHOUT_END,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: true,
      stackTraceLimit: 0,
    })
    if (added.id === id) return
    turns.giveBack(owner, lane)
    if (lane === 'interactive') await hasten(added.id!, priority).catch(onError)
  }

  /** A job that waits may have been queued as less urgent. */
  async function hasten(id: string, priority: number): Promise<void> {
    const waiting = await queue.getJob(id)
    if (waiting && waiting.priority > priority) await waiting.changePriority({ priority })
  }

  const said: Said = new Map()
  const nameOf = ({ key, refresh = false, priority = 'interactive' }: Job) => JSON.stringify([key, refresh, priority])

  try {
    await answered(queue.waitUntilReady())
  } catch (error) {
    await queue.getBackend().close(true).catch(onError)
    throw error
  }

  return {
    async enqueue(job) {
      if (!closing) await answered(gather(() => add(job), nameOf(job), said, REPEAT_MS))
    },
    async run(handler) {
      const oneAtATime = serially(busy, handler)
      worker = engine.openWorker((job) => oneAtATime(jobOf(job)), {
        concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: WITHOUT_END,
        runRetryDelay: 1_000,
        settings: {
          backoffStrategy(tries, _type, thrown, job) {
            const error = toThumbsmithError(thrown)
            const retryInMs = planRetry(error, tries, random)
            onFailure?.(jobOf(job as BullmqJob<Wish>), error, retryInMs)
            return retryInMs === undefined ? -1 : Math.ceil(retryInMs)
          },
        },
      })
      worker.on('error', onError)
      // One whose connection fails before it ever stood stays broken on PostgreSQL.
      await answered(worker.waitUntilReady())
    },
    async depth() {
      const {
        prioritized = 0,
        waiting = 0,
        delayed = 0,
        active = 0,
      } = await answered(queue.getJobCounts('prioritized', 'waiting', 'delayed', 'active'))
      return { waiting: prioritized + waiting + delayed, running: active }
    },
    async close() {
      closing = true
      if (worker) {
        await Promise.race([worker.close(), silence(busy)]).catch(onError)
        // Where the engine is away, BullMQ would wait for it.
        void worker.disconnect().catch(onError)
      }
      await queue.getBackend().close(true).catch(onError)
    },
  }
}

/** A wish to renew what is stale is a job of its own: merged into a plain one it could be lost when that begins to run. */
function identityOf({ key, refresh }: Wish): string {
  const hash = createHash('sha256').update(key).digest('base64url')
  return refresh ? `${hash}-refresh` : hash
}

const jobOf = ({ data, attemptsStarted }: Pick<BullmqJob<Wish>, 'data' | 'attemptsStarted'>): Job => ({
  key: data.key,
  refresh: data.refresh ?? false,
  again: attemptsStarted > 1,
})

/** A key's second job, or its only one that the engine gave out anew because we were silent for too long, waits for the first. */
function serially(busy: Map<string, Promise<void>>, handler: (job: Job) => Promise<void>): (job: Job) => Promise<void> {
  return (job) => {
    const before = busy.get(job.key) ?? Promise.resolve()
    const run = before.catch(() => {}).then(() => handler(job))
    busy.set(job.key, run)
    return run.finally(() => {
      if (busy.get(job.key) === run) busy.delete(job.key)
    })
  }
}

/** Resolves when nothing has run for as long as the engine may take to answer: then it does not answer. */
async function silence(busy: Map<string, Promise<void>>): Promise<void> {
  do {
    await Promise.allSettled(busy.values())
    await sleep(ANSWER_WITHIN_MS, undefined, { ref: false })
  } while (busy.size)
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)), ANSWER_WITHIN_MS)
  })
  try {
    return await Promise.race([answer, tooLate])
  } catch (error) {
    throw new ThumbsmithError('queue.unavailable', undefined, { detail: String(error), cause: error })
  } finally {
    clearTimeout(timer)
  }
}

function troubleReporter(report: (detail: string) => void): (error: Error) => void {
  let quietUntil = 0
  return (error) => {
    if (Date.now() < quietUntil) return
    quietUntil = Date.now() + TROUBLE_EVERY_MS
    report(error.message || String(error))
  }
}
