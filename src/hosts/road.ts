// The road wired to what the configuration names, with its queue running; shared by every host that renders.
import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Config } from '../config.ts'
import type { ThumbsmithError } from '../errors.ts'
import { memoryFeed, sharedFeed } from '../feed.ts'
import { openOutbox } from '../outbox.ts'
import type { Job, Queue } from '../queue/queue.ts'
import { reconcile } from '../reconcile.ts'
import type { Log, Road } from '../road.ts'
import { ensureSentinel } from '../sentinel.ts'
import { type SweepOptions, type SweepResult, sweep } from '../sweep.ts'
import { openCluster, openQueue } from './engine.ts'
import { openNotifiers, openRenderer } from './open.ts'
import { openStores, type Stores } from './stores.ts'

export interface RunningRoad {
  road: Road
  stores: Stores
  /** Its `enqueue` does not throw: what the engine of the queue does not take, the sweep finds. */
  queue: Queue
  /** Whether it is this process that sweeps. */
  leads(): Promise<boolean>
  sweep(options?: Partial<SweepOptions>): Promise<SweepResult>
  /** Lets the running jobs and notifications end, then releases everything. */
  close(): Promise<void>
}

export interface RoadOptions {
  /** Take jobs and render (default), or leave that to workers. */
  render?: boolean
  /** Node's own options for the decoder processes. */
  decoderExecArgv?: string[]
}

export async function openRoad(
  config: Config,
  log: Log,
  { render = true, decoderExecArgv = [] }: RoadOptions = {},
): Promise<RunningRoad> {
  const { rules, presets, limits } = config
  const instance = randomUUID()
  const closing: (() => Promise<void>)[] = []
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const stores = await openStores(config, log)
    closing.push(stores.close)
    const state = stores.renditions
    await ensureSentinel(stores.originals, state)
    const notifiers = await openNotifiers(config, log)
    const decoders = config.decoders ?? availableParallelism()
    const renderer = await openRenderer(config, decoders, decoderExecArgv)
    closing.push(renderer.close)
    const outbox = openOutbox({ state, notifiers, log })
    closing.push(outbox.idle)
    const cluster = await openCluster(config, instance)
    if (cluster) closing.push(cluster.close)
    // One job more than decoders, so that reading and writing overlap with rendering.
    const queue = await openQueue(config, decoders + 1, log)
    closing.push(queue.close)

    const road: Road = {
      rules,
      presets,
      limits,
      stores,
      state,
      renderer,
      feed: cluster ? sharedFeed(memoryFeed(), cluster) : memoryFeed(),
      log,
      instance,
      isPresent: cluster ? cluster.isPresent : async () => false,
    }
    const enqueue = (job: Job) =>
      queue.enqueue(job).catch(({ detail }: ThumbsmithError) => {
        log.warn({ key: job.key, detail }, 'the queue did not take a job; the sweep will find it')
      })
    // Where jobs are shared, whoever runs the job of a key sends its notifications, so that only one does.
    const onOwed = cluster ? (key: string) => void enqueue({ key, priority: 'backfill' }) : outbox.deliver
    if (render)
      await queue.run(async (job) => {
        await reconcile(road, job)
        outbox.deliver(job.key)
      })
    return {
      road,
      stores,
      queue: { ...queue, enqueue },
      leads: cluster ? cluster.leads : async () => true,
      sweep: (options) => sweep(road, queue, { removesAtMost: limits.sweepRemovesAtMost, onOwed, ...options }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
