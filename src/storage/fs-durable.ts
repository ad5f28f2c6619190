// How a change on a file system survives a power cut, and what the file system's refusals mean to people.
import { createHash, randomUUID } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { lstat, mkdir, open, readdir, realpath, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ThumbsmithError } from '../errors.ts'

export type Body = Uint8Array | AsyncIterable<Uint8Array>

/** The errno of a file system's error; `undefined` for any other value. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined
}

/** The answer, or `undefined` where nothing stands at that path. */
export async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

/** Whether the file system knows it and does not let us at it. */
export function isDenied(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')
}

export function statIfThere(path: string): Promise<BigIntStats | undefined> {
  return ifThere(lstat(path, { bigint: true }))
}

const UNAVAILABLE: Record<string, string> = {
  ENOENT: 'is gone, or cannot be made. Is its disk mounted?',
  EEXIST: 'is no folder. Name another, or move away what stands there.',
  ENOTDIR: 'is no folder. Name another, or move away what stands there.',
  EACCES: 'may not be read or written. Let the user that runs thumbsmith own it.',
  EPERM: 'may not be read or written. Let the user that runs thumbsmith own it.',
  EROFS: 'is on a read-only file system. Mount it writable.',
  EIO: 'is on a disk that fails. Check the disk.',
  ESTALE: 'is on a network drive that went away. Mount it again.',
  ENODEV: 'is on a device that went away. Mount it again.',
  ENXIO: 'is on a device that went away. Mount it again.',
  EMFILE: 'cannot be read: too many files are open. Raise the limit (`ulimit -n`).',
  ENFILE: 'cannot be read: too many files are open on this machine.',
}

/** A file system's refusal in the words of the storage port; anything else as it is. */
export function storageError(error: unknown, root: string): unknown {
  const code = errnoOf(error)
  const more = { cause: error, detail: error instanceof Error ? error.message : undefined }
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ThumbsmithError(
      'storage.full',
      `There is no space left in ${root}. Free some, or raise its quota.`,
      more,
    )
  if (code === 'ENAMETOOLONG')
    return new ThumbsmithError('key.invalid', 'The key is too long for this file system. Use a shorter one.', more)
  const why = code === undefined ? undefined : UNAVAILABLE[code]
  return why === undefined ? error : new ThumbsmithError('storage.unavailable', `The folder ${root} ${why}`, more)
}

/** Makes the names in a folder durable. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export interface Written {
  path: string
  stats: BigIntStats
  /** SHA-256 of the bytes, hexadecimal. */
  sha256: string
}

/** Writes a new file into `folder`, durable when this returns; nothing is left where the body or the disk fails. */
export async function writeTemporary(folder: string, body: Body): Promise<Written> {
  const path = join(folder, randomUUID())
  const handle = await open(path, 'wx')
  try {
    const hash = createHash('sha256')
    await handle.writeFile(hashed(body, hash))
    await handle.sync()
    return { path, stats: await handle.stat({ bigint: true }), sha256: hash.digest('hex') }
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

async function* hashed(body: Body, hash: { update(chunk: Uint8Array): unknown }): AsyncGenerator<Uint8Array> {
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    hash.update(chunk)
    yield chunk
  }
}

/** SHA-256 of a file's bytes, hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const handle = await open(path, 'r')
  const hash = createHash('sha256')
  for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 18 })) hash.update(chunk)
  return hash.digest('hex')
}

/** Makes a folder and those above it. Node's own way tries for ever where a folder is there and takes none, as `/proc` does. */
export async function makeRoot(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (code !== 'ENOENT' || (await statIfThere(dirname(path)))) throw error
    await makeRoot(dirname(path))
    await mkdir(path)
  }
}

/** Makes the folders of a path, durably. Throws `key.conflict` where a file, a link (it might lead out of the store) or a folded twin is in the way. */
export async function makeFolders(root: string, names: string[], folds: boolean): Promise<void> {
  const whole = join(root, ...names)
  const inTheWay = (path: string) =>
    new ThumbsmithError(
      'key.conflict',
      `Something else stands where this key needs the folder ${path}. Rename one of them.`,
    )
  if ((await ifThere(realpath(whole))) !== whole) {
    let folder = root
    for (const name of names) {
      folder = join(folder, name)
      if (!(await makeFolder(folder))) throw inTheWay(folder)
    }
  }
  if (folds && !(await isSpelt(root, names))) throw inTheWay(whole)
}

/** Whether a real folder stands there now. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    await syncFolder(dirname(path))
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return false
    if (errnoOf(error) !== 'EEXIST') throw error
    return (await statIfThere(path))?.isDirectory() !== false
  }
}

/** Removes a folder and those above it while they are empty, never the root; the removal is durable when this returns. */
export async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  let left = folder
  while (left !== root && (await removeIfEmpty(left))) left = dirname(left)
  await ifThere(syncFolder(left))
}

async function removeIfEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT') return true
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EBUSY') return false
    throw error
  }
}

/** Whether each name below the root is spelt on disk exactly like this; only asked where the file system folds case or accents. */
export async function isSpelt(root: string, names: string[]): Promise<boolean> {
  let folder = root
  for (const name of names) {
    if (!(await ifThere(readdir(folder)))?.includes(name)) return false
    folder = join(folder, name)
  }
  return true
}
