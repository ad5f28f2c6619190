// How a tree of files is walked in the byte order of its keys, without entering folders that cannot hold a wanted one.
import type { Dirent } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, ifThere, isSpelt } from './fs-durable.ts'
import { isPiece, namesOfKey, RESERVED_FOLDER, segmentOfNames } from './fs-names.ts'
import { checkKey, compareKeys } from './storage.ts'

export interface FoundFile {
  key: string
  path: string
}

export interface WalkOptions {
  prefix: string
  after: string
  /** The file system takes some different names for the same. */
  folds: boolean
  /** Told of what stands there and is no object, and why. */
  onStrange: (path: string, why: string) => void
}

/** All files that have a key under the prefix and after the given one, in UTF-8 byte order of their keys. */
export async function* walkFiles(root: string, options: WalkOptions): AsyncGenerator<FoundFile> {
  const base = options.prefix.slice(0, options.prefix.lastIndexOf('/') + 1)
  const names = base === '' ? [] : namesOfKey(base.slice(0, -1))
  const start = join(root, ...names)
  if ((await ifThere(realpath(start))) !== start) return
  if (options.folds && !(await isSpelt(root, names))) return
  yield* walkFolder(root, start, base, options)
}

async function* walkFolder(
  root: string,
  folder: string,
  base: string,
  options: WalkOptions,
): AsyncGenerator<FoundFile> {
  const entries = await readFolder(root, folder, [], options)
  const wanted = entries.filter((entry) => mayHold(base + entry.order, entry.isFolder, options))
  for (const entry of wanted.sort(entryOrder(wanted))) {
    if (entry.isFolder) yield* walkFolder(root, entry.path, base + entry.order, options)
    else if (isKey(base + entry.order)) yield { key: base + entry.order, path: entry.path }
    else options.onStrange(entry.path, 'its path is too long for a key. Move it up or shorten its name')
  }
}

interface Entry {
  /** What the key goes on with: the segment, and a slash after a folder's, for `a-b` comes before `a/b`. */
  order: string
  path: string
  isFolder: boolean
}

/** The entries of a folder; folders that only hold the rest of a long segment are read at once, for it sorts among its siblings. */
async function readFolder(root: string, folder: string, pieces: string[], options: WalkOptions): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const dirent of await readEntries(root, folder)) {
    const path = join(folder, dirent.name)
    const isFolder = dirent.isDirectory()
    if (folder === root && dirent.name === RESERVED_FOLDER) continue
    if (isFolder && isPiece(dirent.name)) {
      entries.push(...(await readFolder(root, path, [...pieces, dirent.name], options)))
      continue
    }
    const segment = segmentOfNames([...pieces, dirent.name])
    if (segment === undefined) options.onStrange(path, 'no key is written like this. Rename it')
    else if (isFolder || dirent.isFile()) entries.push({ order: isFolder ? `${segment}/` : segment, path, isFolder })
    else options.onStrange(path, 'only plain files are read, and no link is followed. Move the real file here')
  }
  return entries
}

async function readEntries(root: string, folder: string): Promise<Dirent[]> {
  try {
    return (await ifThere(readdir(folder, { withFileTypes: true }))) ?? []
  } catch (error) {
    // A disk's own folder, which only its administrator may read.
    if (errnoOf(error) === 'EACCES' && folder === join(root, 'lost+found')) return []
    throw error
  }
}

function mayHold(order: string, isFolder: boolean, { prefix, after }: WalkOptions): boolean {
  if (!isFolder) return order.startsWith(prefix) && isAfter(order, after)
  return (order.startsWith(prefix) || prefix.startsWith(order)) && (after.startsWith(order) || isAfter(order, after))
}

const BEYOND_CODE_UNIT_ORDER = /[\ud800-\uffff]/

function isAfter(key: string, after: string): boolean {
  return BEYOND_CODE_UNIT_ORDER.test(key) || BEYOND_CODE_UNIT_ORDER.test(after)
    ? compareKeys(key, after) > 0
    : key > after
}

/** Below U+D800 JavaScript's own order is that of UTF-8, and much faster. */
function entryOrder(entries: Entry[]): (a: Entry, b: Entry) => number {
  if (entries.some((entry) => BEYOND_CODE_UNIT_ORDER.test(entry.order))) return (a, b) => compareKeys(a.order, b.order)
  return (a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0)
}

function isKey(key: string): boolean {
  try {
    checkKey(key)
    return true
  } catch {
    return false
  }
}
