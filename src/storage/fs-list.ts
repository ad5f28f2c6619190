// How a tree of files is walked in the byte order of its keys, without entering folders that cannot hold a wanted one.
import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { ifThere, isDenied, isSpelt, statIfThere } from './fs-durable.ts'
import { isPiece, namesOfKey, RESERVED_FOLDER, renaming, segmentOfNames } from './fs-names.ts'
import { identityOf } from './fs-records.ts'
import { compareKeys, KEY_MAX_BYTES } from './storage.ts'

export interface FoundFile {
  key: string
  path: string
}

export interface WalkerOptions {
  root: string
  /** The file system takes some different names for the same. */
  folds: boolean
  /** Told of what stands there and is no object, and why. */
  onStrange: (path: string, why: string) => void
}

/** All files that have a key under the prefix and after the given one, in UTF-8 byte order of their keys. */
export type Walk = (prefix: string, after: string) => AsyncGenerator<FoundFile>

export function fileWalker(options: WalkerOptions): Walk {
  const { root, folds, onStrange } = options
  const readFolder = folderReader(options)

  async function* walkFolder(folder: string, base: string, prefix: string, after: string): AsyncGenerator<FoundFile> {
    const entries = await readFolder(folder)
    for (let i = firstOf(entries, base, isAfter(prefix, after) ? prefix : after); i < entries.length; i++) {
      const { order, path, isFolder } = entries[i]!
      const key = base + order
      if (!key.startsWith(prefix) && isAfter(key, prefix)) return
      if (isFolder && (key.startsWith(prefix) || prefix.startsWith(key))) yield* walkFolder(path, key, prefix, after)
      else if (isFolder || !key.startsWith(prefix) || !isAfter(key, after)) continue
      else if (Buffer.byteLength(key) <= KEY_MAX_BYTES) yield { key, path }
      else onStrange(path, 'its path is too long for a key. Move it up or shorten its name')
    }
  }

  return async function* walk(prefix, after) {
    const base = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    const names = base === '' ? [] : namesOfKey(base.slice(0, -1))
    const start = join(root, ...names)
    if (!(await isReal(start)) || (folds && !(await isSpelt(root, names)))) return
    yield* walkFolder(start, base, prefix, after)
  }

  async function isReal(folder: string): Promise<boolean> {
    try {
      return (await ifThere(realpath(folder))) === folder
    } catch (error) {
      if (!isDenied(error) || folder === root) throw error
      onStrange(folder, UNREADABLE)
      return false
    }
  }
}

const UNREADABLE = 'it may not be read, so nothing in it is seen. Let the user that runs thumbsmith own it'

interface Entry {
  /** What the key goes on with: the segment, and a slash after a folder's, for `a-b` comes before `a/b`. */
  order: string
  path: string
  isFolder: boolean
}

/** The first entry that may hold a key from `from` on: the one before may be a folder that `from` lies in. */
function firstOf(entries: Entry[], base: string, from: string): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isAfter(from, base + entries[middle]!.order)) low = middle + 1
    else high = middle
  }
  const before = entries[low - 1]
  return before?.isFolder && from.startsWith(base + before.order) ? low - 1 : low
}

const KEPT_FOLDERS = 8
const KEPT_FROM_ENTRIES = 500
/** A folder that changed just now may change again without another time (2 s is the coarsest clock of a file system). */
const SETTLED_MS = 3000

/** Reads folders as sorted entries; large ones are remembered as long as their time stays the same, so that paging does not sort them anew. */
function folderReader({ root, onStrange }: WalkerOptions): (folder: string) => Promise<Entry[]> {
  const kept = new Map<string, { version: string; entries: Entry[] }>()

  /** Folders that only hold the rest of a long segment are read at once, for it sorts among its siblings. */
  async function read(folder: string, pieces: string[]): Promise<{ entries: Entry[]; isKeepable: boolean }> {
    const entries: Entry[] = []
    let isKeepable = true
    for (const dirent of await readDirents(folder)) {
      const path = join(folder, dirent.name)
      const isFolder = dirent.isDirectory()
      if (folder === root && dirent.name === RESERVED_FOLDER) continue
      if (dirent.name.includes('\ufffd') && !(await statIfThere(path))) {
        for (const foreign of await foreignNames(folder)) onStrange(foreign.path, foreign.why)
        continue
      }
      if (isFolder && isPiece(dirent.name)) {
        isKeepable = false
        for (const entry of (await read(path, [...pieces, dirent.name])).entries) entries.push(entry)
        continue
      }
      const segment = segmentOfNames([...pieces, dirent.name])
      if (segment === undefined) onStrange(path, renaming(dirent.name))
      else if (isFolder || dirent.isFile()) entries.push({ order: isFolder ? `${segment}/` : segment, path, isFolder })
      else onStrange(path, 'only plain files are read, and no link is followed. Move the real file here')
    }
    return { entries, isKeepable }
  }

  /** One folder that may not be read does not take the others away. */
  async function readDirents(folder: string): Promise<Dirent[]> {
    try {
      return (await ifThere(readdir(folder, { withFileTypes: true }))) ?? []
    } catch (error) {
      if (!isDenied(error) || folder === root) throw error
      // A disk's own folder, which only its administrator may read.
      if (folder !== join(root, 'lost+found')) onStrange(folder, UNREADABLE)
      return []
    }
  }

  return async function readFolder(folder) {
    const known = kept.get(folder)
    if (known && known.version === (await versionOf(folder, Date.now()))) return known.entries
    kept.delete(folder)
    const startedAt = Date.now()
    const { entries, isKeepable } = await read(folder, [])
    entries.sort(entryOrder(entries))
    if (!isKeepable || entries.length < KEPT_FROM_ENTRIES) return entries
    const version = await versionOf(folder, startedAt - SETTLED_MS)
    if (version !== undefined) kept.set(folder, { version, entries })
    if (kept.size > KEPT_FOLDERS) kept.delete(kept.keys().next().value!)
    return entries
  }
}

/** What in a folder has a name that is no UTF-8, as names from old systems and archives are; its bytes are shown escaped. */
export async function foreignNames(folder: string): Promise<{ path: string; why: string }[]> {
  const names = (await ifThere(readdir(folder, { encoding: 'buffer' }))) ?? []
  return names
    .filter((name) => !isUtf8(name))
    .map((name) => ({
      path: join(folder, name.toString('latin1').replace(/[^\x20-\x7e]/g, escapeByte)),
      why: 'its name is not UTF-8. Rename it, for example with `convmv -f latin1 -t utf8 --notest`',
    }))
}

const escapeByte = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`

/** Names what a folder holds, if it has held the same since before that time. */
async function versionOf(folder: string, before: number): Promise<string | undefined> {
  const stats = await statIfThere(folder)
  return stats && Number(stats.mtimeMs) < before ? identityOf(stats) : undefined
}

const BEYOND_CODE_UNIT_ORDER = /[\ud800-\uffff]/

function isAfter(key: string, other: string): boolean {
  return BEYOND_CODE_UNIT_ORDER.test(key) || BEYOND_CODE_UNIT_ORDER.test(other)
    ? compareKeys(key, other) > 0
    : key > other
}

/** Below U+D800 JavaScript's own order is that of UTF-8, and much faster. */
function entryOrder(entries: Entry[]): (a: Entry, b: Entry) => number {
  if (entries.some((entry) => BEYOND_CODE_UNIT_ORDER.test(entry.order))) return (a, b) => compareKeys(a.order, b.order)
  return (a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0)
}
