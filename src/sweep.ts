// The sweep: compares everything that should be there with what is, and has every difference looked at. It heals lost events.

import { BACKFILL_AFTER_MS } from './apply.ts'
import { plan } from './plan.ts'
import type { Queue } from './queue/queue.ts'
import { observe } from './reconcile.ts'
import type { Road } from './road.ts'
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
}

export interface SweepResult {
  originals: number
  enqueued: number
  removals: number
  /** True where so many originals are gone that nothing was removed. */
  stopped: boolean
}

/** Small stores may lose a handful at once. */
const REMOVALS_ALWAYS_ALLOWED = 10

export async function sweep(road: Road, queue: Queue, options: SweepOptions): Promise<SweepResult> {
  const result: SweepResult = { originals: 0, enqueued: 0, removals: 0, stopped: false }
  const refresh = options.refresh ?? false
  for await (const { key } of listAll(road.stores.originals)) {
    if (options.signal?.aborted) return result
    const { seen } = await observe(road, { key, refresh })
    if (!seen.rule || seen.marked) continue
    result.originals++
    const decided = plan(seen)
    if (seen.manifest?.owed.length) options.onOwed?.(key)
    if (decided.do === 'nothing') continue
    result.enqueued++
    const recent = seen.head !== undefined && seen.now.getTime() - seen.head.modified.getTime() < BACKFILL_AFTER_MS
    await queue.enqueue({ key, refresh, priority: recent ? 'interactive' : 'backfill' })
  }

  const gone: string[] = []
  let manifests = 0
  for await (const { key: at } of listAll(road.state, { prefix: MANIFESTS })) {
    if (options.signal?.aborted) return result
    manifests++
    const manifest = await readManifestAt(road.state, at)
    if (!manifest || (await road.stores.originals.head(manifest.key))) continue
    const { seen } = await observe(road, { key: manifest.key })
    if (plan(seen).do === 'remove') gone.push(manifest.key)
  }
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
