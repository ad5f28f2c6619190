// `thumbsmith apply`: one thorough sweep, then waits until everything it found has settled; what is on SQS is left to Lambda.
import type { Config } from '../config.ts'
import type { Queue } from '../queue/queue.ts'
import { adoptOriginals } from '../sentinel.ts'
import { sqsUrlsOf } from './engine.ts'
import { openLog } from './log.ts'
import { openRoad } from './road.ts'

/** Returns the exit code: 1 where the sweep stopped itself. */
export async function applyAll(config: Config, options: { remove?: boolean; adopt?: boolean }): Promise<number> {
  const isForLambda = sqsUrlsOf(config) !== undefined
  const { sweep, queue, road, close } = await openRoad(config, openLog(config.logLevel), { render: !isForLambda })
  try {
    if (options.adopt) await adoptOriginals(road.stores.originals, road.state)
    const result = await sweep({ refresh: true, ...(options.remove ? { removesAtMost: 1 } : {}) })
    if (!isForLambda) await settled(queue)
    process.stdout.write(
      `${result.originals} originals, ${result.enqueued} needed something, ${result.removals} were gone\n`,
    )
    return result.stopped ? 1 : 0
  } finally {
    await close()
  }
}

/** Resolves when no job waits or runs. */
export async function settled(queue: Queue): Promise<void> {
  for (;;) {
    const { waiting, running } = await queue.depth()
    if (waiting + running === 0) return
    if (process.stderr.isTTY) process.stderr.write(`\r${waiting + running} to go   `)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
