// The queue port: how the word "look at this key" travels to whoever renders, and what all queues do about one that failed.
import type { ThumbsmithError } from '../errors.ts'

/** Look at this key. What to do follows from what is there now, so a job says nothing else about it. */
export interface Job {
  key: string
  /** Also renew renditions whose preset or engine changed (they are only marked stale otherwise). */
  refresh?: boolean
  /** Interactive jobs go before the rest. */
  priority?: 'interactive' | 'backfill'
  /** Set by the queue: it was given out before, and whoever had it did not finish, or was cut off before it could say so. */
  again?: boolean
}

export interface Queue {
  /**
   * One job a key while one waits; a call during its run makes exactly one more run. Resolves when the job is accepted. Throws
   * `queue.unavailable` soon where it cannot be: the sweep finds the work again.
   */
  enqueue(job: Job): Promise<void>
  /** The same after so long, at most 900,000 ms, where the queue can wait by itself. Throws `queue.unavailable`. */
  enqueueLater?(job: Job, delayMs: number): Promise<void>
  /**
   * Starts working; resolves when jobs can come. `handler` throws an error whose `retry` is not `never` to be called again, later, with
   * backoff. It is never called for a key that it is still busy with in this process. Throws `queue.unavailable`.
   */
  run(handler: (job: Job) => Promise<void>): Promise<void>
  /** Jobs that wait or run, here and elsewhere, for people. */
  depth(): Promise<{ waiting: number; running: number }>
  /** Stops taking jobs and waits for the running ones. */
  close(): Promise<void>
}

export interface QueueOptions {
  /** How many jobs run here at once. */
  concurrency: number
  /** Whose a key is: within one priority, owners take turns. */
  ownerOf: (key: string) => string
  /** Told of every failed run here; `retryInMs` is undefined where the job is given up. */
  onFailure?: ((job: Job, error: ThumbsmithError, retryInMs: number | undefined) => void) | undefined
  random?: (() => number) | undefined
}

/** How often an error nobody knows is tried again; outages are tried for ever. */
const INTERNAL_TRIES_MAX = 8
const BACKOFF_FIRST_MS = 250
const BACKOFF_MAX_MS = 30_000

/** When a job that failed for the `tries`th time in a row runs again: twice as late each time, spread by half. `undefined`: never. */
export function planRetry(error: ThumbsmithError, tries: number, random: () => number): number | undefined {
  if (error.retry === 'never' || (error.code === 'internal' && tries >= INTERNAL_TRIES_MAX)) return undefined
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (tries - 1)) * (0.5 + random())
}
