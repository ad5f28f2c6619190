// Taking along what was made from an original that is gone or past its time, and only from a store that is known to be the right one.
import type { Observation, Plan } from './plan.ts'
import { deleteRendition } from './rendition.ts'
import type { Road } from './road.ts'
import { originalsArePresent } from './sentinel.ts'
import { manifestKey, type StoredManifest } from './state.ts'

/** Removes everything made from an original that is gone, or past its time and then itself; nothing where the store may not be the right one. */
export async function remove(
  road: Road,
  seen: Observation,
  stored: StoredManifest | undefined,
  decided: Extract<Plan, { do: 'remove' }>,
): Promise<void> {
  if (decided.expire) {
    await road.stores.originals.delete(seen.key, { ifMatch: seen.head!.etag })
    const { expireAfterDays } = seen.rule!
    road.log.info({ key: seen.key, expireAfterDays }, 'an original was past its time and was removed')
  } else if (!(await originalsArePresent(road.stores.originals, road.state))) {
    road.log.error(
      { key: seen.key },
      'The originals store looks empty or unmounted, so nothing was removed. See `thumbsmith doctor`.',
    )
    return
  }
  for (const { object } of Object.values(decided.manifest.renditions))
    if (object) await deleteRendition(road.stores, seen.key, object)
  if (stored) await road.state.delete(manifestKey(seen.key), { ifMatch: stored.etag })
  road.feed.publish({ key: seen.key, owner: seen.owner, kind: 'removed' })
}
