// The road wired to what the configuration names, with its queue running; shared by every host that renders.
import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { ThumbsmithError } from '../errors.ts'
import { memoryFeed } from '../feed.ts'
import { lockByTrying, lockInProcess } from '../lock.ts'
import { openOutbox } from '../outbox.ts'
import type { Job, Queue } from '../queue/queue.ts'
import { reconcile } from '../reconcile.ts'
import type { Decoder } from '../render/decoder.ts'
import type { Log, Road } from '../road.ts'
import { ensureSentinel, originalsArePresent } from '../sentinel.ts'
import type { Config } from '../settings.ts'
import { type SweepOptions, type SweepResult, sweep } from '../sweep.ts'
import { openCluster, openQueue, staysInProcess } from './engine.ts'
import { collectSeldom } from './heap.ts'
import { openNotifiers, openRenderer } from './open.ts'
import { openStores, type Stores, withConditions } from './stores.ts'

export interface RunningRoad {
  road: Road
  stores: Stores
  /** Its `enqueue` does not throw: what the engine of the queue does not take, the sweep finds. */
  queue: Queue
  /** The same for those who can ask again: throws `queue.unavailable`. */
  offer(job: Job): Promise<void>
  /** Whether it is this process that sweeps. */
  leads(): Promise<boolean>
  sweep(options?: Partial<SweepOptions>): Promise<SweepResult>
  /** Reconciles one key here and now, then begins to send what that owes. Throws like `reconcile`. */
  look(job: Job): Promise<void>
  /** Resolves when no notification is being sent any more. */
  told(): Promise<void>
  /** Lets the running jobs and notifications end, then releases everything. */
  close(): Promise<void>
}

export interface RoadOptions {
  /** Take jobs and render (default), or leave that to workers. */
  render?: boolean
  /** Node's own options for the decoder processes. */
  decoderExecArgv?: string[]
  /** One that was started before all else, because a picture is waiting; closed with the rest. The first look waits for nothing that can come beside it. */
  firstDecoder?: Decoder | undefined
}

export async function openRoad(
  config: Config,
  log: Log,
  { render = true, decoderExecArgv = [], firstDecoder }: RoadOptions = {},
): Promise<RunningRoad> {
  const { rules, presets, limits } = config
  const instance = randomUUID()
  const closing: (() => Promise<void>)[] = []
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const decoders = config.decoders ?? availableParallelism()
    const renderer = await openRenderer(config, decoders, { execArgv: decoderExecArgv, first: firstDecoder })
    closing.push(renderer.close)
    const cluster = await openCluster(config, instance)
    if (cluster) closing.push(cluster.close)
    const opened = await openStores(config, log)
    closing.push(opened.close)
    // AWS, where no process finds another, has them.
    const lock = cluster ? lockByTrying(cluster.tryLock) : staysInProcess(config) && lockInProcess()
    const stores = lock ? await withConditions(opened, lock, log) : opened
    const state = stores.renditions
    let marked: Promise<void> | undefined
    const mark = () => {
      marked ??= ensureSentinel(stores.originals, state).catch((error) => {
        marked = undefined
        throw error
      })
      return marked
    }
    if (!firstDecoder) await mark()
    const notifiers = await openNotifiers(config, log)
    const isShared = !staysInProcess(config)
    // One job more than decoders, so that reading and writing overlap with rendering.
    const queue = await openQueue(config, decoders + 1, log)
    const again = queue.enqueueLater && ((key: string, delayMs: number) => queue.enqueueLater!({ key }, delayMs))
    const outbox = openOutbox({ state, notifiers, log, again })
    closing.push(outbox.idle, queue.close)

    const road: Road = {
      rules,
      presets,
      limits,
      stores,
      state,
      renderer,
      feed: cluster ? (await import('../cluster-feed.ts')).sharedFeed(memoryFeed(), cluster) : memoryFeed(),
      log,
      instance,
      // Where others share the work unseen, the lease of a claim alone decides.
      isPresent: cluster ? cluster.isPresent : async () => isShared,
    }
    const enqueue = (job: Job) =>
      queue.enqueue(job).catch(({ detail }: ThumbsmithError) => {
        log.warn({ key: job.key, detail }, 'the queue did not take a job; the sweep will find it')
      })
    // Where jobs are shared, whoever runs the job of a key sends its notifications, so that only one does.
    const onOwed = isShared
      ? (key: string) => void enqueue({ key, priority: 'backfill' })
      : (key: string) => outbox.deliver(key)
    const look = async (job: Job) => {
      const stored = await reconcile(road, job)
      await mark()
      if (stored?.manifest.owed.length) outbox.deliver(job.key, stored)
    }
    if (render) {
      collectSeldom()
      await queue.run(look)
    }
    return {
      road,
      stores,
      queue: { ...queue, enqueue },
      offer: queue.enqueue,
      leads: cluster ? cluster.leads : async () => true,
      async sweep(options) {
        await mark()
        return sweep(road, queue, { removesAtMost: limits.sweepRemovesAtMost, onOwed, ...options })
      },
      look,
      told: outbox.idle,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

export async function readiness({ stores, road }: RunningRoad): Promise<{ ok: boolean; problems: string[] }> {
  const problems: string[] = []
  if (!(await originalsArePresent(stores.originals, road.state)))
    problems.push(
      `The originals store ${stores.originals.url} looks empty or unmounted: mount it, or see \`thumbsmith doctor\`.`,
    )
  return { ok: problems.length === 0, problems }
}
