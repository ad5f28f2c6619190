// Making a plan so: claim, render, store, publish, tell; or record, or remove. Whatever is cut off here is found again by the next look.
import { ThumbsmithError, toThumbsmithError } from './errors.ts'
import { focusOf, type Manifest, type ManifestRendition, stateOf, titleOf } from './manifest.ts'
import { notificationId, outcomeOf } from './notify/notification.ts'
import { DEATHS_MAX, type Observation, type Plan } from './plan.ts'
import { outputFormatOf } from './preset.ts'
import type { RenderFailure, RenderOutcome } from './render/renderer.ts'
import { deleteRendition, putRendition } from './rendition.ts'
import type { Road } from './road.ts'
import { type Rule, renditionKey } from './rule.ts'
import { originalsArePresent } from './sentinel.ts'
import { manifestKey, readManifest, type StoredManifest, writeManifest } from './state.ts'
import { readAll } from './storage/storage.ts'

/** A claim is believed this long: far more than the longest render and its writes. */
const LEASE_MS = 120_000

/**
 * Carries out one plan; gives the manifest that stands then. Throws `storage.precondition_failed` where somebody wrote in between (look
 * again), and what may succeed later; the claim is given back then.
 */
export async function apply(
  road: Road,
  seen: Observation,
  stored: StoredManifest | undefined,
  decided: Exclude<Plan, { do: 'nothing' | 'wait' | 'remove' }>,
): Promise<StoredManifest> {
  if (decided.do === 'record') {
    const written = await write(road, settle(decided.manifest, seen.rule!), stored?.etag)
    for (const object of unnamed(stored?.manifest.renditions ?? {}, decided.manifest.renditions))
      await deleteRendition(road.stores, seen.key, object)
    return written
  }
  const claim = {
    token: `${road.instance}/${crypto.randomUUID()}`,
    until: new Date(Date.now() + LEASE_MS).toISOString(),
  }
  const claimed = await write(road, { ...decided.manifest, claim }, stored?.etag)
  try {
    const results = decided.presets.length
      ? await render(road, seen, claimed.manifest, decided.presets, claim.token)
      : { renditions: {} }
    return await publish(road, seen, claimed, results, decided.drop)
  } catch (error) {
    await release(road, claimed, toThumbsmithError(error))
    throw error
  }
}

/** What rendering came to: the state of each rendition that was due, and what was learnt about the original. */
interface Results {
  renditions: Record<string, Pick<ManifestRendition, 'state' | 'object' | 'error' | 'missingCharacters' | 'title'>>
  facts?: Manifest['original']['facts']
  error?: Manifest['error']
}

async function render(
  road: Road,
  seen: Observation,
  manifest: Manifest,
  presets: string[],
  token: string,
): Promise<Results> {
  let outcome: RenderOutcome
  try {
    outcome = await road.renderer.render({
      bytes: await readOriginal(road, seen),
      presets: Object.fromEntries(presets.map((preset) => [preset, road.presets[preset]!])),
      title: titleOf(manifest),
      focus: focusOf(manifest),
    })
  } catch (thrown) {
    const error = toThumbsmithError(thrown)
    const quarantined = error.retry === 'lethal' && manifest.attempts.deaths + 1 >= DEATHS_MAX
    if (error.retry !== 'never' && !quarantined) throw error
    road.log.warn({ key: seen.key, code: error.code, detail: error.detail }, error.message)
    const failure = { code: error.code, message: error.message }
    return {
      error: failure,
      renditions: Object.fromEntries(presets.map((preset) => [preset, { state: 'failed' as const, error: failure }])),
    }
  }
  const renditions: Results['renditions'] = {}
  for (const preset of presets) {
    const result = outcome.renditions[preset]!
    renditions[preset] =
      'failure' in result ? failed(road, seen.key, preset, result.failure) : await store(preset, result.rendered)
  }
  return { renditions, facts: outcome.facts }

  async function store(
    preset: string,
    rendered: Parameters<typeof putRendition>[2],
  ): Promise<Results['renditions'][string]> {
    const rule = seen.rule!
    const { fingerprint, object: before } = manifest.renditions[preset]!
    const key = renditionKey(rule, seen.key, preset, outputFormatOf(road.presets[preset]!, outcome.facts))
    try {
      const object = await putRendition(
        road.stores,
        { store: rule.to, key, originalKey: seen.key, fingerprint, before },
        rendered,
        async () => {
          const now = await readManifest(road.state, seen.key)
          return now?.manifest.claim?.token === token
        },
      )
      road.log.debug({ key: seen.key, preset, fingerprint }, 'stored')
      return {
        state: 'ready',
        object,
        ...(rendered.missingCharacters?.length ? { missingCharacters: rendered.missingCharacters } : {}),
        ...(rendered.title ? { title: rendered.title } : {}),
      }
    } catch (thrown) {
      const error = toThumbsmithError(thrown)
      if (error.retry !== 'never') throw error
      return failed(road, seen.key, preset, { code: error.code, message: error.message, detail: error.detail })
    }
  }
}

function failed(
  road: Road,
  key: string,
  preset: string,
  { code, message, detail }: RenderFailure,
): Results['renditions'][string] {
  road.log.warn({ key, preset, code, detail }, message)
  return { state: 'failed', error: { code, message } }
}

async function readOriginal(road: Road, seen: Observation): Promise<Uint8Array> {
  const head = seen.head!
  if (head.bytes === 0) throw new ThumbsmithError('image.empty')
  const max = road.limits.uploadMaxBytes
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  if (head.bytes > max)
    throw new ThumbsmithError(
      'image.too_many_bytes',
      `The file has ${megabytes(head.bytes)}; at most ${megabytes(max)} are accepted.`,
    )
  const body = await road.stores.originals.get(seen.key, { ifMatch: head.etag })
  if (!body) throw new ThumbsmithError('storage.precondition_failed')
  const bytes = await readAll(body.stream, max, head.bytes)
  if (bytes.length !== head.bytes)
    throw new ThumbsmithError('storage.unavailable', undefined, {
      detail: `${bytes.length} of ${head.bytes} bytes arrived`,
    })
  return bytes
}

/** Writes the results over whatever the manifest says by now, if the claim is still ours; then drops what nobody names any more. */
async function publish(
  road: Road,
  seen: Observation,
  claimed: StoredManifest,
  results: Results,
  drop: string[],
): Promise<StoredManifest> {
  let current = claimed
  for (;;) {
    const { manifest, obsolete } = merge(current.manifest, results, drop)
    let written: StoredManifest
    try {
      written = await write(road, settle(manifest, seen.rule!), current.etag)
    } catch (error) {
      if (!(error instanceof ThumbsmithError) || error.code !== 'storage.precondition_failed') throw error
      const now = await readManifest(road.state, seen.key)
      if (!now || now.manifest.claim?.token !== claimed.manifest.claim!.token) throw error
      current = now
      continue
    }
    for (const object of obsolete) await deleteRendition(road.stores, seen.key, object)
    return written
  }
}

/** An owner may have edited while we rendered: their `queued` stays, and the next round renders it. */
function merge(
  current: Manifest,
  results: Results,
  drop: string[],
): { manifest: Manifest; obsolete: NonNullable<ManifestRendition['object']>[] } {
  const { claim: _claim, error: _before, ...rest } = current
  const renditions = { ...current.renditions }
  for (const preset of drop) delete renditions[preset]
  for (const [preset, result] of Object.entries(results.renditions)) {
    const {
      object: _object,
      error: _failure,
      missingCharacters: _missing,
      title: _title,
      ...base
    } = renditions[preset]!
    renditions[preset] = { ...base, ...result, state: base.state === 'queued' ? 'queued' : result.state }
  }
  const isRendered = Object.keys(results.renditions).length > 0
  const error = isRendered ? results.error : current.error
  const manifest: Manifest = {
    ...rest,
    ...(error ? { error } : {}),
    original: { ...rest.original, ...(results.facts ? { facts: results.facts } : {}) },
    attempts: error || !isRendered ? rest.attempts : { deaths: 0, vanished: 0 },
    renditions,
    updatedAt: new Date().toISOString(),
  }
  return { manifest, obsolete: unnamed(current.renditions, renditions) }
}

/** The objects that were named before and are not any more. */
function unnamed(
  before: Manifest['renditions'],
  after: Manifest['renditions'],
): NonNullable<ManifestRendition['object']>[] {
  const objects = (renditions: Manifest['renditions']) =>
    Object.values(renditions).flatMap(({ object }) => object ?? [])
  const named = new Set(objects(after).map(({ store, key }) => `${store} ${key}`))
  return objects(before).filter(({ store, key }) => !named.has(`${store} ${key}`))
}

/** An original older than this when it is first looked at is a backfill: nobody waits for word of it. */
export const BACKFILL_AFTER_MS = 86_400_000

/** Owes the rule's notifiers one word per version of the original, once nothing is under way. */
function settle(manifest: Manifest, rule: Rule): Manifest {
  const state = stateOf(manifest)
  const id = notificationId(manifest)
  if (state === 'queued' || state === 'rendering' || manifest.notified.includes(id)) return manifest
  const at = new Date().toISOString()
  const { seen, modified } = manifest.original
  const owed =
    Date.parse(seen) - Date.parse(modified) > BACKFILL_AFTER_MS
      ? []
      : rule.notify.map((notifier) => ({ id, notifier, outcome: outcomeOf(manifest), at, tries: 0, notBefore: at }))
  return { ...manifest, notified: [...manifest.notified, id].slice(-20), owed: [...manifest.owed, ...owed] }
}

/** Gives a claim back: a death that was seen is counted, anything else costs the original nothing. */
async function release(road: Road, claimed: StoredManifest, error: ThumbsmithError): Promise<void> {
  try {
    for (
      let now: StoredManifest | undefined = claimed;
      now;
      now = await readManifest(road.state, claimed.manifest.key)
    ) {
      const { claim, ...manifest } = now.manifest
      if (claim?.token !== claimed.manifest.claim!.token) return
      const deaths = manifest.attempts.deaths + (error.retry === 'lethal' ? 1 : 0)
      try {
        const renditions = Object.fromEntries(
          Object.entries(manifest.renditions).map(([preset, rendition]) => [
            preset,
            rendition.state === 'rendering' ? { ...rendition, state: 'queued' as const } : rendition,
          ]),
        )
        await write(road, { ...manifest, renditions, attempts: { ...manifest.attempts, deaths } }, now.etag)
        return
      } catch (failure) {
        if (!(failure instanceof ThumbsmithError) || failure.code !== 'storage.precondition_failed') throw failure
      }
    }
  } catch (failure) {
    road.log.debug(
      { key: claimed.manifest.key, failure: String(failure) },
      'the claim could not be given back and will run out',
    )
  }
}

/** Removes everything made from an original that is gone, or past its time and then itself; nothing where the store may not be the right one. */
export async function applyRemove(
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

async function write(road: Road, manifest: Manifest, etag: string | undefined): Promise<StoredManifest> {
  const stored = await writeManifest(road.state, manifest, etag)
  road.feed.publish({ key: manifest.key, owner: manifest.owner, kind: 'changed' })
  return stored
}
