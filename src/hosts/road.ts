// The road wired to what the configuration names, with its queue running; shared by every host that renders.
import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Config } from '../config.ts'
import { memoryFeed } from '../feed.ts'
import { openOutbox } from '../outbox.ts'
import type { Queue } from '../queue/queue.ts'
import { reconcile } from '../reconcile.ts'
import type { Log, Road } from '../road.ts'
import { ensureSentinel } from '../sentinel.ts'
import { type SweepOptions, type SweepResult, sweep } from '../sweep.ts'
import { openNotifiers, openQueue, openRenderer } from './open.ts'
import { openStores, type Stores } from './stores.ts'

export interface RunningRoad {
  road: Road
  stores: Stores
  queue: Queue
  sweep(options?: Partial<SweepOptions>): Promise<SweepResult>
  /** Lets the running jobs and notifications end, then releases everything. */
  close(): Promise<void>
}

/** `decoderExecArgv`: Node's own options for the decoder processes. */
export async function openRoad(config: Config, log: Log, decoderExecArgv: string[] = []): Promise<RunningRoad> {
  const { rules, presets, limits } = config
  const stores = await openStores(config, log)
  try {
    const state = stores.renditions
    await ensureSentinel(stores.originals, state)
    const notifiers = await openNotifiers(config, log)
    const decoders = config.decoders ?? availableParallelism()
    const renderer = await openRenderer(config, decoders, decoderExecArgv)
    // One job more than decoders, so that reading and writing overlap with rendering.
    const queue = await openQueue(config, decoders + 1, log)
    const road: Road = {
      rules,
      presets,
      limits,
      stores,
      state,
      renderer,
      feed: memoryFeed(),
      log,
      instance: randomUUID(),
      alone: true,
    }

    const outbox = openOutbox({ state, notifiers, log })
    queue.run(async (job) => {
      await reconcile(road, job)
      outbox.deliver(job.key)
    })
    return {
      road,
      stores,
      queue,
      sweep: (options) =>
        sweep(road, queue, { removesAtMost: limits.sweepRemovesAtMost, onOwed: outbox.deliver, ...options }),
      async close() {
        await queue.close()
        await outbox.idle()
        await renderer.close()
        await stores.close()
      },
    }
  } catch (error) {
    await stores.close()
    throw error
  }
}
