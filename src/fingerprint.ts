// The fingerprint: a hash of everything that decides a rendition's bytes, and the mark that a rendition carries.
import { createHash } from 'node:crypto'
import type { Focus } from './original.ts'
import type { Preset } from './preset.ts'

/** Raised by hand when the engine would draw the same inputs differently; not the package's version. */
export const RENDER_EPOCH = 3

/** The three things that decide a rendition's bytes, hashed apart so that `plan` can tell what changed. */
export interface Inputs {
  etag: string
  /** Title and focus, as far as this preset uses them. */
  edit: string
  /** The preset and the engine. */
  preset: string
}

export function inputsOf(preset: Preset, original: { etag: string; title: string; focus: Focus | undefined }): Inputs {
  const title = preset.title === false ? '' : original.title
  const usesFocus = title !== '' || preset.fit === 'cover'
  return {
    etag: original.etag,
    edit: hash([title, (usesFocus ? original.focus : undefined) ?? null]),
    preset: hashOf(preset),
  }
}

/** Kept, because a preset may hold a watermark and is asked for with every original. */
const hashes = new WeakMap<Preset, string>()

function hashOf(preset: Preset): string {
  const known = hashes.get(preset) ?? hash([preset, RENDER_EPOCH])
  hashes.set(preset, known)
  return known
}

/** Names one version of a rendition: same fingerprint, same bytes. 16 hex digits. */
export function fingerprintOf(inputs: Inputs): string {
  return hash([inputs.etag, inputs.edit, inputs.preset])
}

/** The mark for renditions of this key: the key itself where a header can carry it, else its hash. */
export function markOf(key: string): string {
  const encoded = encodeURIComponent(key)
  return encoded.length <= 700 ? encoded : `sha256:${createHash('sha256').update(key).digest('hex')}`
}

function hash(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 16)
}

/** Objects with their keys in order, so that the order in which YAML names them does not count. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}
