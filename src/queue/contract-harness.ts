// What the cases of the queue contract stand on: a queue, who asks and who works, and handlers whose runs end when the test says so.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Queue, QueueOptions } from './queue.ts'

/** One empty queue as those see it who ask and those who work; where there is only one process, it does both. */
export interface QueueHarness {
  producer: Queue
  workers: Queue[]
  /** Closes all of them. */
  close(): Promise<void>
}

export type Open = (options?: Partial<QueueOptions> & { workers?: number }) => Promise<QueueHarness>

export interface Run {
  job: Job
  end: () => void
  fail: (error: Error) => void
}

/** A handler whose runs end when the test says so. */
export function gate(): { runs: Run[]; handler: (job: Job) => Promise<void> } {
  const runs: Run[] = []
  return { runs, handler: (job) => new Promise<void>((end, fail) => runs.push({ job, end, fail })) }
}

export async function record(workers: Queue[]): Promise<Job[]> {
  const runs: Job[] = []
  for (const worker of workers) await worker.run(async (job) => void runs.push(job))
  return runs
}

export const keysOf = (jobs: Job[]) => jobs.map(({ key }) => key)

export async function isIdle(queue: Queue): Promise<boolean> {
  const { waiting, running } = await queue.depth()
  return waiting + running === 0
}
export const idle = (queue: Queue) => until(() => isIdle(queue))

const WAIT_MS = 15_000

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; !(await isSo()); await sleep(5))
    assert.ok(Date.now() < deadline, 'it did not happen in time')
}

export const byKey = (map: Map<string, number>): [string, number][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
