// The road: look at one original (observe), decide (plan) and make it so (apply), again and again until nothing is left to do.
import { apply } from './apply.ts'
import { ThumbsmithError } from './errors.ts'
import type { Manifest } from './manifest.ts'
import { MARK } from './original.ts'
import { type Observation, plan } from './plan.ts'
import type { Job } from './queue/queue.ts'
import { remove } from './remove.ts'
import { lostRenditions } from './rendition.ts'
import type { Road } from './road.ts'
import { OPERATOR, ownerOf, ruleFor } from './rule.ts'
import { readManifest, type StoredManifest } from './state.ts'

const ROUNDS_MAX = 12

/**
 * Makes what should exist for one key exist. Returns when there is nothing left to do, with the manifest that stands then; permanent
 * failures are results on it. Throws only what may succeed later, with nothing lost.
 */
export async function reconcile(road: Road, job: Job): Promise<StoredManifest | undefined> {
  /** What we wrote a moment ago. Whoever changes it has it looked at again, and a change of ours would fail on theirs. */
  let written: StoredManifest | undefined
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { seen, stored } = await observe(road, job, written)
    const decided = plan(seen)
    road.log.debug({ key: job.key, decided: decided.do }, 'planned')
    if (decided.do === 'nothing') {
      // Whoever did it may have been cut off before those who watch were told.
      if (job.again && round === 0)
        road.feed.publish({ key: seen.key, owner: seen.owner, kind: stored ? 'changed' : 'removed' })
      return stored
    }
    if (decided.do === 'wait')
      throw new ThumbsmithError('storage.precondition_failed', 'Another worker renders this original now.')
    try {
      if (decided.do === 'remove') {
        await remove(road, seen, stored, decided)
        return undefined
      }
      written = await apply(road, seen, stored, decided)
    } catch (error) {
      // Somebody wrote in between: look again, for what they wrote may change what is to be done.
      if (!(error instanceof ThumbsmithError) || error.code !== 'storage.precondition_failed') throw error
      written = undefined
    }
  }
  throw new ThumbsmithError('storage.precondition_failed', 'The original or its state kept changing.')
}

/** `written`: the manifest where it was written a moment ago, so that nobody need read it, nor look whether its renditions are there. */
export async function observe(
  road: Road,
  job: Pick<Job, 'key' | 'refresh'>,
  written?: StoredManifest,
): Promise<{ seen: Observation; stored: StoredManifest | undefined }> {
  const [head, stored] = await Promise.all([
    road.stores.originals.head(job.key),
    written ?? readManifest(road.state, job.key),
  ])
  const rule = ruleFor(road.rules, job.key)
  const manifest = stored?.manifest
  const held = manifest?.claim !== undefined && (await isHeld(road, manifest.claim))
  const unchanged = manifest !== undefined && head?.etag === manifest.original.etag
  const seen: Observation = {
    key: job.key,
    rule,
    owner: rule ? ownerOf(rule, job.key) : OPERATOR,
    presets: road.presets,
    head,
    marked: head?.metadata[MARK] !== undefined,
    manifest,
    lost: unchanged && !written ? await lostRenditions(road.stores, manifest) : [],
    refresh: job.refresh ?? false,
    alive: () => held,
    rendersPerDay: road.limits.rendersPerDay,
    now: new Date(),
  }
  return { seen, stored }
}

/** A claim holds while its lease runs and its process is there. Where that cannot be learnt, the lease alone decides. */
async function isHeld(road: Road, claim: NonNullable<Manifest['claim']>): Promise<boolean> {
  const [instance = ''] = claim.token.split('/')
  if (instance === road.instance || new Date(claim.until) <= new Date()) return false
  return road.isPresent(instance).catch(() => true)
}
