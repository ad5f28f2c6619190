// The sweep: compares everything that should be there with what is, and has every difference looked at. It heals lost events.
import { toThumbsmithError } from './errors.ts'
import { plan } from './plan.ts'
import type { Queue } from './queue/queue.ts'
import { observe } from './reconcile.ts'
import { BACKFILL_AFTER_MS } from './results.ts'
import type { Road } from './road.ts'
import { ruleFor } from './rule.ts'
import { MANIFESTS, readManifestAt } from './state.ts'
import { listAll } from './storage/storage.ts'

export interface SweepOptions {
  /** Renew what only the preset or the engine changed. */
  refresh?: boolean
  /** Stop instead of removing the renditions of more than this share of all known originals. */
  removesAtMost: number
  /** Told of every original with a notification owed. */
  onOwed?: (key: string) => void
  signal?: AbortSignal
  /** Where an earlier sweep was stopped by its signal. */
  from?: SweepCursor | undefined
}

/** How far a sweep came, and what it knew by then; as JSON it may be kept. */
export interface SweepCursor {
  phase: 'originals' | 'manifests'
  /** The last key that was looked at. */
  after?: string | undefined
  result: SweepResult
  manifests: number
  gone: string[]
}

export interface SweepResult {
  originals: number
  enqueued: number
  removals: number
  /** Originals and manifests that could not be looked at; the log says why. */
  unreadable: number
  /** True where so many originals are gone that nothing was removed. */
  stopped: boolean
  /** Where to go on, if the signal came before the end. */
  rest?: SweepCursor | undefined
}

/** Small stores may lose a handful at once. */
export const REMOVALS_ALWAYS_ALLOWED = 10
/** How many are looked at together: a look is a few short requests to the stores. */
const LOOKS_AT_ONCE = 8

export async function sweep(road: Road, queue: Queue, options: SweepOptions): Promise<SweepResult> {
  const { from, signal } = options
  const result: SweepResult = from
    ? { ...from.result }
    : { originals: 0, enqueued: 0, removals: 0, unreadable: 0, stopped: false }
  const gone = [...(from?.gone ?? [])]
  let manifests = from?.manifests ?? 0
  const restOf = (
    phase: SweepCursor['phase'],
    after = from?.phase === phase ? from.after : undefined,
  ): SweepResult => ({
    ...result,
    rest: { phase, after, result, manifests, gone },
  })
  const refresh = options.refresh ?? false
  let failedInARow = 0
  const each = (
    phase: SweepCursor['phase'],
    store: Road['state'],
    prefix: string,
    look: (key: string) => Promise<void>,
  ) =>
    eachKey(listAll(store, { prefix, ...startOf(from, phase) }), signal, async (key) => {
      try {
        await look(key)
        failedInARow = 0
      } catch (thrown) {
        const error = toThumbsmithError(thrown)
        const isUnavailable = error.code === 'storage.unavailable'
        // The store is away, and not only one answer of it: the rest could not be looked at either.
        if (isUnavailable && ++failedInARow >= LOOKS_AT_ONCE) throw error
        result.unreadable++
        // One folder may hold very many of these, and the store has told of it.
        const level = error.code === 'storage.denied' ? 'debug' : isUnavailable ? 'warn' : 'error'
        road.log[level]({ key, detail: error.detail }, error.message)
      }
    })

  const lookAtOriginal = async (key: string) => {
    if (!ruleFor(road.rules, key)) return
    const { seen } = await observe(road, { key, refresh })
    if (seen.marked) return
    result.originals++
    if (seen.manifest?.owed.length) options.onOwed?.(key)
    if (plan(seen).do === 'nothing') return
    result.enqueued++
    const recent = seen.head !== undefined && seen.now.getTime() - seen.head.modified.getTime() < BACKFILL_AFTER_MS
    await queue.enqueue({ key, refresh, priority: recent ? 'interactive' : 'backfill' })
  }
  if (from?.phase !== 'manifests') {
    const reached = await each('originals', road.stores.originals, '', lookAtOriginal)
    if (signal?.aborted) return restOf('originals', reached)
  }

  const reached = await each('manifests', road.state, MANIFESTS, async (at) => {
    manifests++
    const manifest = await readManifestAt(road.state, at)
    if (!manifest || (await road.stores.originals.head(manifest.key))) return
    const { seen } = await observe(road, { key: manifest.key })
    if (plan(seen).do === 'remove') gone.push(manifest.key)
  })
  if (signal?.aborted) return restOf('manifests', reached)
  result.removals = gone.length
  if (gone.length > Math.max(REMOVALS_ALWAYS_ALLOWED, manifests * options.removesAtMost)) {
    result.stopped = true
    road.log.error(
      { gone: gone.length, manifests },
      `${gone.length} of ${manifests} originals are gone. That is more than limits.sweepRemovesAtMost allows, so nothing was removed. If it is right, run \`thumbsmith apply --remove\`.`,
    )
    return result
  }
  for (const key of gone) await queue.enqueue({ key, priority: 'backfill' })
  return result
}

const startOf = (from: SweepCursor | undefined, phase: SweepCursor['phase']): { after?: string } =>
  from?.phase === phase && from.after !== undefined ? { after: from.after } : {}

/** A few at a time, and no more once the signal says stop or one look has thrown. Returns the last key that was looked at. */
async function eachKey(
  heads: AsyncGenerator<{ key: string }>,
  signal: AbortSignal | undefined,
  look: (key: string) => Promise<void>,
): Promise<string | undefined> {
  let stopped = false
  let reached: string | undefined
  const worker = async () => {
    // An async generator answers its callers in turn, so the workers share one listing.
    for (let next = await heads.next(); !next.done; next = await heads.next()) {
      if (stopped || signal?.aborted) return
      reached = next.value.key
      await look(reached)
    }
  }
  const workers = Array.from({ length: LOOKS_AT_ONCE }, worker)
  try {
    await Promise.all(workers)
  } finally {
    stopped = true
    await Promise.allSettled(workers)
  }
  return reached
}
