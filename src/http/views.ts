// What clients see of an original: its entry in the catalogue with links that work for a while.
import { createHash } from 'node:crypto'
import type { Entry } from '../catalogue.ts'
import { focusOf, type ManifestRendition, stateOf, titleOf } from '../manifest.ts'
import { focusFromMetadata, idOfKey, titleFromMetadata } from '../original.ts'
import { presetNameOf } from '../preset.ts'
import { FORMAT_EXTENSION } from '../preset-words.ts'
import type { Storage } from '../storage/storage.ts'
import type { OriginalView, RenditionView } from './schemas.ts'

type StoredObject = NonNullable<ManifestRendition['object']>

export interface Linker {
  /** Signed, and absolute under our own `origin` where the store is served by ourselves. */
  link(origin: string, object: StoredObject, disposition: 'inline' | 'attachment', filename: string): Promise<string>
  linkSeconds: number
}

export function linker(stores: Record<'originals' | 'renditions', Storage>, linkSeconds: number): Linker {
  return {
    linkSeconds,
    async link(origin, object, type, filename) {
      const options = {
        expiresInSeconds: linkSeconds,
        disposition: { type, filename },
        version: object.fingerprint,
      }
      return absolute(origin, await stores[object.store].signDownload(object.key, options))
    },
  }
}

/** A store that we serve ourselves signs paths, since it does not know under which of our names it was asked. */
export const absolute = (origin: string, url: string): string => (url.startsWith('/') ? origin + url : url)

export function filenameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1) || key
}

/** `beach.jpg` as `youtube` in WebP: `beach-youtube.webp`. */
export function renditionFilename(key: string, preset: string, object: StoredObject): string {
  const name = filenameOf(key)
  const dot = name.lastIndexOf('.')
  return `${dot > 0 ? name.slice(0, dot) : name}-${presetNameOf(preset)}.${FORMAT_EXTENSION[object.format]}`
}

/** Of the object as it stands: where its bytes or its presets are not those of the manifest, it waits to be looked at. */
export function stateNow({ head, manifest, presets, unreadable }: Entry): OriginalView['state'] {
  if (unreadable) return 'failed'
  if (manifest?.original.etag !== head.etag) return 'queued'
  const unseen = !manifest.error && presets.some((preset) => !(preset in manifest.renditions))
  return unseen ? 'queued' : stateOf(manifest)
}

const UNREADABLE = {
  code: 'internal',
  message: 'What is known of this picture cannot be read. The operator finds the reason in the log.',
}

export const isSettled = (state: OriginalView['state']): boolean => state !== 'queued' && state !== 'rendering'

export async function viewOf(entry: Entry, origin: string, links: Linker): Promise<OriginalView> {
  const { head, manifest, owner } = entry
  const facts = manifest?.original.facts
  const focus = manifest ? focusOf(manifest) : focusFromMetadata(head.metadata)
  return {
    id: idOfKey(head.key),
    key: head.key,
    filename: filenameOf(head.key),
    owner,
    state: stateNow(entry),
    title: manifest ? titleOf(manifest) : titleFromMetadata(head.metadata),
    ...(focus && { focus }),
    revision: manifest?.edit?.revision ?? 0,
    bytes: head.bytes,
    uploadedAt: head.modified.toISOString(),
    ...(facts && {
      facts: {
        format: facts.format,
        width: facts.width,
        height: facts.height,
        frames: facts.frames,
        thumbhash: facts.thumbhash,
      },
    }),
    ...(entry.unreadable && { error: UNREADABLE }),
    ...(manifest?.error && { error: manifest.error }),
    renditions: await Promise.all(entry.presets.map((preset) => renditionView(entry, preset, origin, links))),
  }
}

async function renditionView(entry: Entry, preset: string, origin: string, links: Linker): Promise<RenditionView> {
  const { key } = entry.head
  const current = entry.manifest?.original.etag === entry.head.etag
  const rendition = entry.manifest?.renditions[preset]
  const failed = entry.unreadable ? UNREADABLE : current ? entry.manifest?.error : undefined
  const view: RenditionView = {
    preset,
    state: (current && rendition?.state) || (failed ? 'failed' : 'queued'),
    stale: rendition?.stale ?? false,
  }
  const error = (current && rendition?.error) || (view.state === 'failed' ? failed : undefined)
  if (error) view.error = error
  if (rendition?.missingCharacters) view.missingCharacters = rendition.missingCharacters
  if (rendition?.title) view.title = rendition.title
  const object = rendition?.object
  if (!object) return view
  const filename = renditionFilename(key, preset, object)
  const { format, contentType, width, height, bytes, fingerprint } = object
  return {
    ...view,
    href: `${origin}/v1/originals/${idOfKey(key)}/renditions/${preset}`,
    url: await links.link(origin, object, 'inline', filename),
    downloadUrl: await links.link(origin, object, 'attachment', filename),
    format,
    contentType,
    width,
    height,
    bytes,
    fingerprint,
  }
}

/**
 * Weak, for the signed links in a view differ each time. It changes with the state, and at the latest after half the life of a link: who
 * is told "not modified" holds links that are still good.
 */
export function etagOf(entries: Entry[], linkSeconds: number, now: Date = new Date()): string {
  const period = Math.floor(now.getTime() / (linkSeconds * 500))
  const states = entries.map((entry) => [
    entry.head.key,
    entry.head.etag,
    entry.presets,
    entry.manifest?.updatedAt,
    stateNow(entry),
  ])
  const hash = createHash('sha256')
    .update(JSON.stringify([period, states]))
    .digest('base64url')
    .slice(0, 22)
  return `W/"${hash}"`
}
