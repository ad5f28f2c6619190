// Where manifests are kept, and how they are read and changed: by compare-and-set, in the state store.
import { createHash } from 'node:crypto'
import { ThumbsmithError } from './errors.ts'
import type { Manifest } from './manifest.ts'
import { RESERVED_PREFIX } from './original.ts'
import { readAll, type Storage } from './storage/storage.ts'

export const MANIFESTS = `${RESERVED_PREFIX}manifests/`
const SUFFIX = '!.json'

/**
 * Where the manifest of a key is kept. Bytes up to `!` become `!` and two hex digits and the suffix begins with `!.`, so that manifests
 * list in the order of their originals' keys and none is a folder of another; keys that would grow too long are hashed.
 */
export function manifestKey(key: string): string {
  const escaped = key.replace(/[\x01-\x21]/g, (char) => `!${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
  const whole = MANIFESTS + escaped + SUFFIX
  if (Buffer.byteLength(whole) <= 1024) return whole
  return `${MANIFESTS}!~${createHash('sha256').update(key).digest('hex')}${SUFFIX}`
}

/** A manifest as read, with the etag that a change must name. */
export interface StoredManifest {
  manifest: Manifest
  etag: string
}

const MANIFEST_MAX_BYTES = 4_000_000

export async function readManifest(state: Storage, key: string): Promise<StoredManifest | undefined> {
  return readStored(state, manifestKey(key))
}

/** The manifest kept at this place of the state store, as a listing of `MANIFESTS` names it. */
export async function readManifestAt(state: Storage, at: string): Promise<Manifest | undefined> {
  return (await readStored(state, at))?.manifest
}

async function readStored(state: Storage, at: string): Promise<StoredManifest | undefined> {
  const body = await state.get(at)
  if (!body) return undefined
  // Only now: a function that starts for a new original reads none, and the schemas take long to read.
  const { manifestSchema } = await import('./manifest-schema.ts')
  const text = Buffer.from(await readAll(body.stream, MANIFEST_MAX_BYTES)).toString('utf8')
  const parsed = manifestSchema.safeParse(parseJson(text))
  if (!parsed.success)
    throw new ThumbsmithError('internal', undefined, {
      detail: `The manifest at ${JSON.stringify(at)} cannot be read: restore it, or delete it to have it made anew. ${parsed.error.message}`,
    })
  return { manifest: parsed.data, etag: body.head.etag }
}

/** What is no JSON is `undefined`, which no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Writes if nobody wrote in between, else throws `storage.precondition_failed`. `etag` is that of the version read; `undefined`: a new one. */
export async function writeManifest(
  state: Storage,
  manifest: Manifest,
  etag: string | undefined,
): Promise<StoredManifest> {
  const head = await state.put(manifestKey(manifest.key), Buffer.from(JSON.stringify(manifest)), {
    contentType: 'application/json',
    ...(etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag }),
  })
  return { manifest, etag: head.etag }
}
