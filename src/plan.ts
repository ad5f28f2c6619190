// The plan: what one look at an original asks for. Pure: rules, the original's head and its manifest in, one decision out.
import { fingerprintOf, type Inputs, inputsOf } from './fingerprint.ts'
import { focusOf, type Manifest, type ManifestRendition, titleOf } from './manifest.ts'
import { focusFromMetadata, titleFromMetadata } from './original.ts'
import type { Preset } from './preset.ts'
import type { Rule } from './rule.ts'
import type { ObjectHead } from './storage/storage.ts'

/** How often an attempt may vanish with its worker (killed, power cut) before the original is set aside. */
export const VANISHED_MAX = 10
/** How many decoder deaths that were seen set an original aside. */
export const DEATHS_MAX = 2

export interface Observation {
  key: string
  /** The rule that takes the key, if any. */
  rule: Rule | undefined
  owner: string
  presets: Record<string, Preset>
  /** `undefined` is authoritative: it is not there. */
  head: ObjectHead | undefined
  /** The object carries a rendition's mark. */
  marked: boolean
  manifest: Manifest | undefined
  /** Presets whose rendition is no longer what the manifest says; known only where somebody looked. */
  lost: string[]
  /** Renew what only the preset or the engine changed. */
  refresh: boolean
  /** Is a claim of this token still to be believed? */
  alive: (claim: NonNullable<Manifest['claim']>) => boolean
  rendersPerDay: number
  now: Date
}

export type Plan =
  | { do: 'nothing'; why: string }
  /** Somebody else renders it now. */
  | { do: 'wait' }
  /** The original is gone, or past its time (`expire`: it goes too): everything made from it goes. */
  | { do: 'remove'; manifest: Manifest; expire: boolean }
  /** Only the manifest changes: marks, or a refusal. */
  | { do: 'record'; manifest: Manifest }
  /** Render these presets and delete these renditions. `manifest` is to be written first, with a claim added. */
  | { do: 'render'; presets: string[]; drop: string[]; manifest: Manifest }

const DAY_MS = 86_400_000
const nothing = (why: string): Plan => ({ do: 'nothing', why })

export function plan(seen: Observation): Plan {
  const { head, manifest, rule } = seen
  if (seen.marked) return nothing('it is a rendition itself')
  if (!head) {
    if (!manifest) return nothing('it is not there')
    if (manifest.claim && seen.alive(manifest.claim)) return { do: 'wait' }
    // A rule that was taken out of the file may have said to keep them: nobody says now that they should go.
    if (!rule) return nothing('no rule takes it')
    if (rule.whenOriginalRemoved === 'keep') return nothing('its rule keeps the renditions')
    return { do: 'remove', manifest, expire: false }
  }
  if (!rule) return nothing('no rule takes it')
  if (manifest?.claim && seen.alive(manifest.claim)) return { do: 'wait' }
  if (manifest && hasExpired(rule, head, manifest, seen.now)) return { do: 'remove', manifest, expire: true }

  const fresh = manifest === undefined || manifest.original.etag !== head.etag
  const base = fresh ? nextVersion(seen, head, rule) : afterVanished(manifest)
  return planRenditions(seen, rule, base, manifest)
}

/**
 * Past its time: counted from the upload, but never from before we first saw this version. A file copied into a folder keeps the time at
 * which it was once written, and may look years old on arrival.
 */
function hasExpired({ expireAfterDays }: Rule, head: ObjectHead, { original }: Manifest, now: Date): boolean {
  if (expireAfterDays === undefined || original.etag !== head.etag) return false
  return now.getTime() - Math.max(head.modified.getTime(), Date.parse(original.seen)) > expireAfterDays * DAY_MS
}

function planRenditions(seen: Observation, rule: Rule, base: Manifest, stored: Manifest | undefined): Plan {
  const due: string[] = []
  const drop: string[] = []
  const renditions: Record<string, ManifestRendition> = {}
  for (const preset of rule.presets) {
    const now = wantedInputs(seen, base, preset)
    const old = base.renditions[preset]
    if (isDue(old, now, seen, preset)) {
      due.push(preset)
      renditions[preset] = {
        state: 'rendering',
        stale: false,
        inputs: now,
        fingerprint: fingerprintOf(now),
        ...(old?.object ? { object: old.object } : {}),
      }
    } else renditions[preset] = { ...old!, stale: old!.inputs.preset !== now.preset }
  }
  for (const [preset, old] of Object.entries(base.renditions)) {
    if (rule.presets.includes(preset) || !old.object) continue
    if (seen.refresh) drop.push(preset)
    // Named until it is gone from the store.
    renditions[preset] = { ...old, stale: true }
  }

  const next: Manifest = { ...base, rule: rule.name, renditions }
  if (!due.length && !drop.length) {
    const changed =
      stored === undefined ||
      JSON.stringify({ ...next, updatedAt: '' }) !== JSON.stringify({ ...stored, updatedAt: '' })
    return changed ? { do: 'record', manifest: stamp(next, seen.now) } : nothing('everything is as it should be')
  }
  if (base.attempts.vanished > VANISHED_MAX)
    return {
      do: 'record',
      manifest: refuse(
        next,
        due,
        { code: 'decoder.died', message: 'Rendering this picture was cut off again and again, so it was set aside.' },
        seen.now,
      ),
    }
  const day = seen.now.toISOString().slice(0, 10)
  const times = base.rendered.day === day ? base.rendered.times : 0
  if (due.length && times >= seen.rendersPerDay)
    return {
      do: 'record',
      manifest: refuse(
        next,
        due,
        {
          code: 'rendition.too_often',
          message: `This picture was rendered ${times} times today, so rendering was stopped. Look for something that writes to it in a loop.`,
        },
        seen.now,
      ),
    }
  return {
    do: 'render',
    presets: due,
    drop,
    manifest: stamp({ ...next, rendered: { day, times: times + (due.length ? 1 : 0) } }, seen.now),
  }
}

function isDue(old: ManifestRendition | undefined, now: Inputs, seen: Observation, preset: string): boolean {
  if (!old) return true
  if (old.inputs.etag !== now.etag || old.inputs.edit !== now.edit) return true
  if (old.state === 'queued' || old.state === 'rendering') return true
  if (old.inputs.preset !== now.preset && seen.refresh) return true
  return old.state === 'ready' && seen.lost.includes(preset)
}

function wantedInputs(seen: Observation, manifest: Manifest, preset: string): Inputs {
  return inputsOf(seen.presets[preset]!, {
    etag: manifest.original.etag,
    title: titleOf(manifest),
    focus: focusOf(manifest),
  })
}

/** The manifest of an original that was never looked at. */
export function newManifest(seen: Pick<Observation, 'key' | 'owner' | 'now'>, head: ObjectHead, rule: Rule): Manifest {
  const now = seen.now.toISOString()
  return {
    schema: 1,
    key: seen.key,
    owner: seen.owner,
    rule: rule.name,
    original: originalOf(head, seen.now),
    renditions: {},
    attempts: { deaths: 0, vanished: 0 },
    rendered: { day: now.slice(0, 10), times: 0 },
    notified: [],
    owed: [],
    createdAt: now,
    updatedAt: now,
  }
}

function originalOf(head: ObjectHead, now: Date): Manifest['original'] {
  const focus = focusFromMetadata(head.metadata)
  return {
    etag: head.etag,
    bytes: head.bytes,
    contentType: head.contentType,
    modified: head.modified.toISOString(),
    seen: now.toISOString(),
    title: titleFromMetadata(head.metadata),
    ...(focus && { focus }),
  }
}

/**
 * New bytes under a known key: attempts, errors and the focus belonged to the old ones; what stands in the store is known still. An
 * edited title stays unless the new upload brings its own.
 */
function nextVersion(seen: Observation, head: ObjectHead, rule: Rule): Manifest {
  if (!seen.manifest) return newManifest(seen, head, rule)
  const { error: _error, claim: _claim, edit, ...kept } = seen.manifest
  const original = originalOf(head, seen.now)
  const title = original.title === '' ? edit?.title : undefined
  const next = edit && {
    edit: { revision: edit.revision + 1, at: seen.now.toISOString(), ...(title === undefined ? {} : { title }) },
  }
  return { ...kept, ...next, owner: seen.owner, original, attempts: { deaths: 0, vanished: 0 } }
}

/** A claim that nobody holds any more is an attempt that vanished with its worker. */
function afterVanished(manifest: Manifest): Manifest {
  if (!manifest.claim) return manifest
  const { claim: _, ...rest } = manifest
  return { ...rest, attempts: { ...manifest.attempts, vanished: manifest.attempts.vanished + 1 } }
}

/** Every rendition that was due has failed for this reason; what stood there before is of other inputs, and is named no more. */
export function refuse(manifest: Manifest, due: string[], error: NonNullable<Manifest['error']>, now: Date): Manifest {
  const renditions = { ...manifest.renditions }
  for (const preset of due) {
    const { object: _, ...rest } = renditions[preset]!
    renditions[preset] = { ...rest, state: 'failed', error }
  }
  return stamp({ ...manifest, renditions }, now)
}

const stamp = (manifest: Manifest, now: Date): Manifest => ({ ...manifest, updatedAt: now.toISOString() })
