// `thumbsmith apply`: one thorough sweep, then waits until everything it found has settled.
import type { Config } from '../config.ts'
import { adoptOriginals } from '../sentinel.ts'
import { openLog } from './log.ts'
import { openRoad } from './road.ts'

/** Returns the exit code: 1 where the sweep stopped itself. */
export async function applyAll(config: Config, options: { remove?: boolean; adopt?: boolean }): Promise<number> {
  const { sweep, queue, road, close } = await openRoad(config, openLog(config.logLevel))
  try {
    if (options.adopt) await adoptOriginals(road.stores.originals, road.state)
    const result = await sweep({ refresh: true, ...(options.remove ? { removesAtMost: 1 } : {}) })
    for (;;) {
      const { waiting, running } = await queue.depth()
      if (waiting + running === 0) break
      if (process.stderr.isTTY) process.stderr.write(`\r${waiting + running} to go   `)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    process.stdout.write(
      `${result.originals} originals, ${result.enqueued} needed something, ${result.removals} were gone\n`,
    )
    return result.stopped ? 1 : 0
  } finally {
    await close()
  }
}
