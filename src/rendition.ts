// A rendition in its store: written under its mark and conditions, removed only if it is ours, never over somebody else's object.
import { ThumbsmithError } from './errors.ts'
import { markOf } from './fingerprint.ts'
import type { Manifest, ManifestRendition } from './manifest.ts'
import { FINGERPRINT, MARK, READABLE, RESERVED_PREFIX } from './original.ts'
import type { Rendered } from './render/renderer.ts'
import { checkKey, type ObjectHead, type Storage } from './storage/storage.ts'

export type Stores = Record<'originals' | 'renditions', Storage>
type StoredObject = NonNullable<ManifestRendition['object']>

export interface RenditionPlace {
  store: 'originals' | 'renditions'
  key: string
  originalKey: string
  fingerprint: string
  /** What the manifest says stands there now. */
  before: StoredObject | undefined
}

/**
 * Writes one rendition. `stillOurs` is asked before anything that another worker wrote for the same original is replaced.
 * Throws `rendition.key_taken` where an object stands that is not a rendition of this original, and `storage.precondition_failed` where
 * the claim was lost.
 */
export async function putRendition(
  stores: Stores,
  place: RenditionPlace,
  rendered: Rendered,
  stillOurs: () => Promise<boolean>,
): Promise<StoredObject> {
  const { store, key, originalKey, fingerprint, before } = place
  checkKey(key)
  if (key.startsWith(RESERVED_PREFIX)) throw taken(key)
  const mark = markOf(originalKey)
  const put = (condition: { ifNoneMatch: '*' } | { ifMatch: string }): Promise<ObjectHead> =>
    stores[store].put(key, rendered.bytes, {
      contentType: rendered.contentType,
      metadata: { [MARK]: mark, [FINGERPRINT]: fingerprint, ...readable(rendered) },
      ...condition,
    })
  const known = before?.store === store && before.key === key ? before.etag : undefined
  let head: ObjectHead
  try {
    head = await put(known === undefined ? { ifNoneMatch: '*' } : { ifMatch: known })
  } catch (error) {
    if (!(error instanceof ThumbsmithError) || error.code !== 'storage.precondition_failed') throw error
    const there = await stores[store].head(key)
    if (there && there.metadata[MARK] !== mark) throw taken(key)
    if (!(await stillOurs())) throw error
    head = await put(there ? { ifMatch: there.etag } : { ifNoneMatch: '*' })
  }
  return {
    store,
    key,
    etag: head.etag,
    fingerprint,
    bytes: rendered.bytes.length,
    width: rendered.width,
    height: rendered.height,
    format: rendered.format,
    contentType: rendered.contentType,
    renderedAt: new Date().toISOString(),
  }
}

/** For those who see only the object: `p5=6.41 worst=5.2 target=4.5 legible-at=320`. */
function readable({ title }: Rendered): Record<string, string> {
  if (!title) return {}
  const { p5, worst, target } = title.contrast
  return { [READABLE]: `p5=${p5} worst=${worst} target=${target} legible-at=${title.legibleAt}` }
}

const taken = (key: string) =>
  new ThumbsmithError(
    'rendition.key_taken',
    `Another object already stands at "${key}", where this rendition would go. Move it, or change "rendition" in the rule.`,
  )

/** Removes a rendition if what stands at its key carries this original's mark. */
export async function deleteRendition(stores: Stores, originalKey: string, object: StoredObject): Promise<void> {
  const there = await stores[object.store].head(object.key)
  if (there && there.metadata[MARK] === markOf(originalKey))
    await stores[object.store].delete(object.key, { ifMatch: there.etag })
}

/** The presets whose rendition is gone, or is not what the manifest says. */
export async function lostRenditions(stores: Stores, manifest: Manifest): Promise<string[]> {
  const lost = await Promise.all(
    Object.entries(manifest.renditions).map(async ([preset, { state, object }]) => {
      if (state !== 'ready' || !object) return undefined
      const there = await stores[object.store].head(object.key)
      return there?.etag === object.etag ? undefined : preset
    }),
  )
  return lost.filter((preset) => preset !== undefined)
}
