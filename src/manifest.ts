// The manifest: the durable state of one original, and what its parts add up to.
import type { z } from 'zod'
import type { manifestSchema, renditionSchema } from './manifest-schema.ts'
import type { Focus } from './original.ts'

export type ManifestRendition = z.infer<typeof renditionSchema>
export type Manifest = z.infer<typeof manifestSchema>

export type ManifestState = 'queued' | 'rendering' | 'ready' | 'partial' | 'failed'

/** What a manifest adds up to; `partial` is some ready and some failed, and never called a success. */
export function stateOf(manifest: Pick<Manifest, 'error' | 'renditions' | 'claim'>): ManifestState {
  const states = Object.values(manifest.renditions).map((rendition) => rendition.state)
  if (states.includes('rendering')) return 'rendering'
  if (states.includes('queued') || states.length === 0) return 'queued'
  if (manifest.error) return 'failed'
  if (states.every((state) => state === 'ready')) return 'ready'
  return states.includes('ready') ? 'partial' : 'failed'
}

/** The title in force: the owner's last edit, else the one it came with. */
export function titleOf(manifest: Pick<Manifest, 'edit' | 'original'>): string {
  return manifest.edit?.title ?? manifest.original.title
}

/** The focus in force, likewise. */
export function focusOf(manifest: Pick<Manifest, 'edit' | 'original'>): Focus | undefined {
  return manifest.edit?.focus === undefined ? manifest.original.focus : (manifest.edit.focus ?? undefined)
}
