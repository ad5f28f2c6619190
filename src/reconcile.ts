// The road: look at one original (observe), decide (plan) and make it so (apply), again and again until nothing is left to do.
import { apply } from './apply.ts'
import { ThumbsmithError } from './errors.ts'
import type { Manifest } from './manifest.ts'
import { MARK } from './original.ts'
import { type Observation, plan } from './plan.ts'
import type { Job } from './queue/queue.ts'
import { lostRenditions } from './rendition.ts'
import type { Road } from './road.ts'
import { OPERATOR, ownerOf, ruleFor } from './rule.ts'
import { readManifest, type StoredManifest } from './state.ts'

const ROUNDS_MAX = 12

/**
 * Makes what should exist for one key exist. Returns when there is nothing left to do; permanent failures are results on the manifest.
 * Throws only what may succeed later, with nothing lost.
 */
export async function reconcile(road: Road, job: Job): Promise<void> {
  let justWritten = false
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { seen, stored } = await observe(road, job, { lost: !justWritten })
    justWritten = false
    const decided = plan(seen)
    road.log.debug({ key: job.key, decided: decided.do }, 'planned')
    if (decided.do === 'nothing') return
    if (decided.do === 'wait')
      throw new ThumbsmithError('storage.precondition_failed', 'Another worker renders this original now.')
    try {
      await apply(road, seen, stored, decided)
      if (decided.do === 'remove') return
      justWritten = true
    } catch (error) {
      // Somebody wrote in between: look again, for what they wrote may change what is to be done.
      if (!(error instanceof ThumbsmithError) || error.code !== 'storage.precondition_failed') throw error
    }
  }
  throw new ThumbsmithError('storage.precondition_failed', 'The original or its state kept changing.')
}

/** `lost: false` where the renditions were written a moment ago, so that nobody need look whether they are there. */
export async function observe(
  road: Road,
  job: Pick<Job, 'key' | 'refresh'>,
  look: { lost: boolean } = { lost: true },
): Promise<{ seen: Observation; stored: StoredManifest | undefined }> {
  const [head, stored] = await Promise.all([road.stores.originals.head(job.key), readManifest(road.state, job.key)])
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
    lost: unchanged && look.lost ? await lostRenditions(road.stores, manifest) : [],
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
