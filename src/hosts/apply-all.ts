// `thumbsmith apply`: one thorough sweep, then waits until everything it found has settled; what is on SQS is left to Lambda.
import type { Queue } from '../queue/queue.ts'
import { adoptOriginals } from '../sentinel.ts'
import type { Config } from '../settings.ts'
import { sqsUrlsOf } from './engine.ts'
import { openLog } from './log.ts'
import { openRoad } from './road.ts'

/** Returns the exit code: 1 where the sweep stopped itself, or something could not be done. */
export async function applyAll(config: Config, options: { remove?: boolean; adopt?: boolean }): Promise<number> {
  const isForLambda = sqsUrlsOf(config) !== undefined
  const { sweep, queue, road, close } = await openRoad(config, openLog(config.logLevel), { render: !isForLambda })
  try {
    if (options.adopt) await adoptOriginals(road.stores.originals, road.state)
    const result = await sweep({ refresh: true, ...(options.remove ? { removesAtMost: 1 } : {}) })
    const left = isForLambda ? 0 : await settled(queue)
    process.stdout.write(
      `${result.originals} originals, ${result.enqueued} needed something, ${result.removals} were gone\n`,
    )
    if (left) process.stdout.write(`${left} did not settle: mend what the log says, then run this again\n`)
    if (result.unreadable) process.stdout.write(`${result.unreadable} could not be looked at: the log says why\n`)
    return result.stopped || left || result.unreadable ? 1 : 0
  } finally {
    await close()
  }
}

/** An outage is tried again for ever, at most 45 s apart. Who waits at a terminal wants to know sooner. */
const PATIENCE_MS = 90_000

/** Resolves when no job waits or runs, or when there were not fewer for so long; gives how many are left. */
export async function settled(queue: Pick<Queue, 'depth'>, patienceMs = PATIENCE_MS): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY
  let since = Date.now()
  for (;;) {
    const { waiting, running } = await queue.depth()
    const left = waiting + running
    if (left < fewest) [fewest, since] = [left, Date.now()]
    if (left === 0 || Date.now() - since > patienceMs) return left
    if (process.stderr.isTTY) process.stderr.write(`\r${left} to go   `)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
