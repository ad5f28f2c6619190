// The catalogue: originals joined with their manifests for people to see, and the changes that their owners make to them.
import { ThumbsmithError } from './errors.ts'
import type { Feed } from './feed.ts'
import { inputsOf } from './fingerprint.ts'
import { focusOf, type Manifest, titleOf } from './manifest.ts'
import { type Focus, MARK, parseTitle } from './original.ts'
import { newManifest } from './plan.ts'
import type { Preset } from './preset.ts'
import type { Queue } from './queue/queue.ts'
import { ownerOf, ownerPrefixes, type Rule, ruleFor } from './rule.ts'
import { readManifest, writeManifest } from './state.ts'
import { compareKeys, type ObjectHead, type Storage } from './storage/storage.ts'

/** An original as it stands; without a manifest it has not been looked at yet (state `queued`). */
export interface Entry {
  head: ObjectHead
  owner: string
  /** The presets its rule asks for, in the order of the rule. */
  presets: string[]
  manifest: Manifest | undefined
  /** There is a manifest, and it cannot be read. */
  unreadable?: boolean
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
  /** Removes the original; everything made from it follows. */
  remove(key: string): Promise<void>
  /** The upload is said to be complete: have it looked at now. Throws `not_found` where the object is not there. */
  complete(key: string): Promise<Entry>
}

export interface CatalogueServices {
  rules: Rule[]
  presets: Record<string, Preset>
  originals: Storage
  state: Storage
  queue: Queue
  feed: Feed
}

export function openCatalogue({ rules, presets, originals, state, queue, feed }: CatalogueServices): Catalogue {
  async function read(key: string): Promise<Entry | undefined> {
    const rule = ruleFor(rules, key)
    if (!rule) return undefined
    const head = await originals.head(key)
    if (!head || head.metadata[MARK] !== undefined) return undefined
    const entry = { head, owner: ownerOf(rule, key), presets: rule.presets, manifest: undefined }
    try {
      return { ...entry, manifest: (await readManifest(state, key))?.manifest }
    } catch (error) {
      // One broken manifest must not take a whole page of the list with it.
      if (error instanceof ThumbsmithError && error.code === 'internal') return { ...entry, unreadable: true }
      throw error
    }
  }

  async function list({ owner, after, limit }: Parameters<Catalogue['list']>[0]): Promise<Entry[]> {
    const prefixes = disjoint(owner === undefined ? rules.map((rule) => rule.folder) : ownerPrefixes(rules, owner))
    const entries: Entry[] = []
    for (const prefix of prefixes) {
      let from = after
      while (entries.length < limit) {
        const page = await originals.list({ prefix, limit, ...(from === undefined ? {} : { after: from }) })
        const own = page.filter(({ key }) => {
          const rule = ruleFor(rules, key)
          return rule && (owner === undefined || ownerOf(rule, key) === owner)
        })
        // Some turn out to be renditions, or gone by now: who asks for a page gets a whole one while there is more.
        const found = await Promise.all(own.map(({ key }) => read(key)))
        entries.push(...found.filter((entry) => entry !== undefined))
        if (page.length < limit) break
        from = page.at(-1)!.key
      }
    }
    return entries.slice(0, limit)
  }

  /** Changes the manifest, making the first one where the original was not looked at yet; repeats where somebody else was faster. */
  async function change(key: string, mutate: (manifest: Manifest) => Manifest): Promise<Entry> {
    const rule = ruleFor(rules, key)
    for (;;) {
      const head = rule && (await originals.head(key))
      if (!rule || !head || head.metadata[MARK] !== undefined) throw new ThumbsmithError('not_found')
      const now = new Date()
      const owner = ownerOf(rule, key)
      const stored = await readManifest(state, key)
      const manifest = {
        ...mutate(stored?.manifest ?? newManifest({ key, owner, now }, head, rule)),
        updatedAt: now.toISOString(),
      }
      try {
        await writeManifest(state, manifest, stored?.etag)
      } catch (error) {
        if (error instanceof ThumbsmithError && error.code === 'storage.precondition_failed') continue
        throw error
      }
      await look(key, owner)
      return { head, owner, presets: rule.presets, manifest }
    }
  }

  async function look(key: string, owner: string): Promise<void> {
    await queue.enqueue({ key, priority: 'interactive' })
    feed.publish({ key, owner, kind: 'changed' })
  }

  /** Names what the preset takes from title and focus. */
  const editOf = (preset: string, manifest: Manifest) =>
    presets[preset] && inputsOf(presets[preset], { etag: '', title: titleOf(manifest), focus: focusOf(manifest) }).edit

  return {
    read,
    list,
    async edit(key, { title, focus, ifRevision }) {
      const clean = title === undefined ? undefined : parseTitle(title)
      return change(key, (manifest) => {
        const revision = manifest.edit?.revision ?? 0
        if (ifRevision !== undefined && ifRevision !== revision) throw new ThumbsmithError('request.conflict')
        const edit = {
          ...manifest.edit,
          ...(clean === undefined ? {} : { title: clean }),
          ...(focus === undefined ? {} : { focus }),
          revision: revision + 1,
          at: new Date().toISOString(),
        }
        const edited = { ...manifest, edit }
        const due = (preset: string) => editOf(preset, edited) !== editOf(preset, manifest)
        return { ...edited, renditions: queued(manifest, due) }
      })
    },
    async retry(key) {
      return change(key, ({ error: _, ...manifest }) => ({
        ...manifest,
        attempts: { deaths: 0, vanished: 0 },
        rendered: { ...manifest.rendered, times: 0 },
        renditions: queued(manifest, (_preset, state) => state === 'failed'),
      }))
    },
    async remove(key) {
      const rule = ruleFor(rules, key)
      if (!rule) throw new ThumbsmithError('not_found')
      await originals.delete(key)
      await queue.enqueue({ key, priority: 'interactive' })
      feed.publish({ key, owner: ownerOf(rule, key), kind: 'removed' })
    },
    async complete(key) {
      const entry = await read(key)
      if (!entry) throw new ThumbsmithError('not_found')
      await look(key, entry.owner)
      return entry
    },
  }
}

/** Renditions that are due again, shown as queued at once; one that is being rendered shows so until its round ends. */
function queued(
  manifest: Pick<Manifest, 'renditions'>,
  due: (preset: string, state: string) => boolean,
): Manifest['renditions'] {
  return Object.fromEntries(
    Object.entries(manifest.renditions).map(([preset, rendition]) => {
      if (!due(preset, rendition.state)) return [preset, rendition]
      const { error: _, ...rest } = rendition
      return [preset, { ...rest, state: 'queued' as const }]
    }),
  )
}

/** In key order, without those that lie within another. */
function disjoint(prefixes: string[]): string[] {
  return prefixes
    .filter(
      (prefix, i) =>
        prefixes.indexOf(prefix) === i && !prefixes.some((other) => other !== prefix && prefix.startsWith(other)),
    )
    .sort(compareKeys)
}
