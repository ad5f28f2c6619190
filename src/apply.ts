// Making a plan so: claim, render, store, publish; or record. Whatever is cut off here is found again by the next look.
import { ThumbsmithError, toThumbsmithError } from './errors.ts'
import { focusOf, type Manifest, titleOf } from './manifest.ts'
import { DEATHS_MAX, type Observation, type Plan } from './plan.ts'
import { outputFormatOf } from './preset.ts'
import type { RenderFailure, RenderOutcome } from './render/renderer.ts'
import { deleteRendition, putRendition } from './rendition.ts'
import { merge, type Results, settle, unnamed } from './results.ts'
import type { Road } from './road.ts'
import { renditionKey } from './rule.ts'
import { readManifest, type StoredManifest, writeManifest } from './state.ts'
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
  // Read while the claim is written. What is wrong with it is told where it is used.
  const original = decided.presets.length ? readOriginal(road, seen) : undefined
  original?.catch(() => {})
  const claim = {
    token: `${road.instance}/${crypto.randomUUID()}`,
    until: new Date(Date.now() + LEASE_MS).toISOString(),
  }
  const claimed = await write(road, { ...decided.manifest, claim }, stored?.etag)
  try {
    const results = original
      ? await render(road, seen, claimed.manifest, decided.presets, original)
      : { renditions: {} }
    return await publish(road, seen, claimed, results, decided.drop)
  } catch (error) {
    await release(road, claimed, toThumbsmithError(error))
    throw error
  }
}

async function render(
  road: Road,
  seen: Observation,
  manifest: Manifest,
  presets: string[],
  original: Promise<Uint8Array>,
): Promise<Results> {
  let outcome: RenderOutcome
  try {
    outcome = await road.renderer.render({
      bytes: await original,
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
          return now?.manifest.claim?.token === manifest.claim!.token
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

async function write(road: Road, manifest: Manifest, etag: string | undefined): Promise<StoredManifest> {
  const stored = await writeManifest(road.state, manifest, etag)
  road.feed.publish({ key: manifest.key, owner: manifest.owner, kind: 'changed' })
  return stored
}
