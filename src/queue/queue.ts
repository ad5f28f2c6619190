// The queue port: how the word "look at this key" travels to whoever renders.

/** Look at this key. What to do follows from what is there now, so a job says nothing else about it. */
export interface Job {
  key: string
  /** Also renew renditions whose preset or engine changed (they are only marked stale otherwise). */
  refresh?: boolean
  /** Interactive jobs go before the rest. */
  priority?: 'interactive' | 'backfill'
}

export interface Queue {
  /** One job a key while one waits; a call during its run makes exactly one more run. Resolves when the job is accepted. */
  enqueue(job: Job): Promise<void>
  /** Starts working. `handler` throws an error whose `retry` is not `never` to be called again, later, with backoff. */
  run(handler: (job: Job) => Promise<void>): void
  /** Keys that wait or run here, for people. */
  depth(): Promise<{ waiting: number; running: number }>
  /** Stops taking jobs and waits for the running ones. */
  close(): Promise<void>
}
