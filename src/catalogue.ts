// The catalogue: what the HTTP API may ask of the road: originals joined with their manifests, and the changes their owners make.
import type { Manifest } from './manifest.ts'
import type { Focus } from './original.ts'
import type { ObjectHead } from './storage/storage.ts'

/** An original as it stands; without a manifest it has not been looked at yet (state `queued`). */
export interface Entry {
  head: ObjectHead
  owner: string
  /** The presets its rule asks for, in the order of the rule. */
  presets: string[]
  manifest: Manifest | undefined
}

export interface EditRequest {
  title?: string | undefined
  focus?: Focus | null | undefined
  ifRevision?: number | undefined
}

/** Every method takes keys; whose they are is for the caller to check (`Entry.owner`). */
export interface Catalogue {
  read(key: string): Promise<Entry | undefined>
  /** In key order, which is newest first under ticket keys. `owner` undefined: everybody's. */
  list(options: { owner: string | undefined; after: string | undefined; limit: number }): Promise<Entry[]>
  /** Records the edit and has the original looked at. Throws `not_found`, `title.invalid`, `request.conflict`. */
  edit(key: string, edit: EditRequest): Promise<Entry>
  /** Tries what failed once more. Throws `not_found`. */
  retry(key: string): Promise<Entry>
  /** Removes the original and everything made from it. */
  remove(key: string): Promise<void>
  /** The upload is said to be complete: have it looked at now. Throws `not_found` where the object is not there. */
  complete(key: string): Promise<Entry>
}
