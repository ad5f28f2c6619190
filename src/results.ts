// What rendering came to, put into the manifest, and whom that owes a word. Pure.
import { type Manifest, type ManifestRendition, stateOf } from './manifest.ts'
import { notificationId, outcomeOf } from './notify/notification.ts'
import type { Rule } from './rule.ts'

/** What rendering came to: the state of each rendition that was due, and what was learnt about the original. */
export interface Results {
  renditions: Record<string, Pick<ManifestRendition, 'state' | 'object' | 'error' | 'missingCharacters' | 'title'>>
  facts?: Manifest['original']['facts']
  error?: Manifest['error']
}

/** An owner may have edited while we rendered: their `queued` stays, and the next round renders it. */
export function merge(
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
export function unnamed(
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
export function settle(manifest: Manifest, rule: Rule): Manifest {
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
