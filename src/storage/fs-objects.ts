// Which object stands at a key now, and how another takes its place in one rename.
import type { BigIntStats } from 'node:fs'
import { realpath, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ThumbsmithError } from '../errors.ts'
import {
  type Body,
  errnoOf,
  hashFile,
  ifThere,
  isDenied,
  isSpelt,
  makeFolders,
  removeEmptyFolders,
  statIfThere,
  syncFolder,
  type Written,
  writeTemporary,
} from './fs-durable.ts'
import { namesOfKey } from './fs-names.ts'
import { contentEtag, type FileRecord, identityOf, type RecordStore, recordOfDropped, sameSize } from './fs-records.ts'
import type { ObjectHead, PutOptions } from './storage.ts'

export interface Folder {
  /** As `realpath` gives it. */
  root: string
  /** A folder on the same file system. */
  temporary: string
  records: RecordStore
  /** Whether the file system takes some different names for the same (case, accents). */
  folds: boolean
  isReadOnly: boolean
  /** Told what the driver itself did: the identity of the file it placed, or `undefined` where it removed one. */
  onOwn: (key: string, identity: string | undefined) => void
}

export interface Standing {
  path: string
  head: ObjectHead
  record: FileRecord
}

export interface FsObjects {
  look(key: string): Promise<Standing | undefined>
  /** The same for a file that a walk has just found. */
  lookAt(key: string, path: string): Promise<Standing | undefined>
  put(key: string, body: Body, options: PutOptions): Promise<ObjectHead>
  /** Whether there was something to remove. */
  remove(key: string, ifMatch: string | undefined): Promise<boolean>
}

const LOOKS = 10

export function fsObjects(folder: Folder): FsObjects {
  const { root, records } = folder
  const inTurn = turns()
  /** Keys that may be one file take turns. */
  const exclusive = <T>(key: string, run: () => Promise<T>) =>
    inTurn(folder.folds ? key.normalize('NFKD').toUpperCase() : key, run)
  const pathOf = (key: string) => join(root, ...namesOfKey(key))

  async function stand(key: string, path: string): Promise<(Standing & { rebound?: FileRecord[] }) | undefined> {
    for (let tries = 0; ; tries++) {
      const stats = await statIfThere(path)
      if (!stats?.isFile()) return undefined
      const identity = identityOf(stats)
      const known = await records.read(key)
      const record = known.find((one) => one.identity === identity)
      if (record) return { path, record, head: headOf(key, record, stats) }
      const now = await statIfThere(path)
      // A put was quicker than this look, or somebody is writing into the file and may never stop.
      if (!now || (identityOf(now) !== identity && tries < LOOKS)) continue
      if (folder.folds && !(await isSpelt(root, namesOfKey(key)))) return undefined
      const foreign = await ifThere(recordOfForeign(path, stats, known))
      if (!foreign) continue
      return { path, ...foreign, head: headOf(key, foreign.record, stats) }
    }
  }

  async function lookAt(key: string, path: string): Promise<Standing | undefined> {
    const standing = await stand(key, path)
    const rebound = standing?.rebound
    if (rebound && !folder.isReadOnly)
      await exclusive(key, async () => {
        const stats = await statIfThere(path)
        if (stats && identityOf(stats) === standing.record.identity) await records.write(key, rebound)
      })
    return standing
  }

  async function place(
    key: string,
    written: Written,
    record: FileRecord,
    current: FileRecord | undefined,
  ): Promise<void> {
    const names = namesOfKey(key)
    const path = join(root, ...names)
    if (!current) await clearWay(path)
    for (let tries = 0; ; tries++) {
      await makeFolders(root, names.slice(0, -1), folder.folds)
      if (tries === 0) await records.write(key, current ? [current, record] : [record])
      folder.onOwn(key, record.identity)
      try {
        await rename(written.path, path)
        return await syncFolder(dirname(path))
      } catch (error) {
        const code = errnoOf(error) ?? ''
        if (code === 'EISDIR' || code === 'ENOTEMPTY' || code === 'ENOTDIR') throw conflict(path)
        // A delete next to it has just removed the folder, empty as it was.
        if (code !== 'ENOENT' || tries === 9) throw error
      }
    }
  }

  return {
    lookAt,
    async look(key) {
      const path = pathOf(key)
      return (await isReal(dirname(path))) ? lookAt(key, path) : undefined
    },

    async put(key, body, options) {
      const written = await writeTemporary(folder.temporary, body)
      try {
        return await exclusive(key, async () => {
          const path = pathOf(key)
          const current = (await isReal(dirname(path))) ? await stand(key, path) : undefined
          if (options.ifNoneMatch && current) throw new ThumbsmithError('storage.precondition_failed')
          if (options.ifMatch !== undefined && options.ifMatch !== current?.record.etag)
            throw new ThumbsmithError('storage.precondition_failed')
          const record: FileRecord = {
            identity: identityOf(written.stats),
            bytes: Number(written.stats.size),
            etag: contentEtag(written.sha256),
            contentType: options.contentType,
            metadata: { ...options.metadata },
          }
          await place(key, written, record, current?.record)
          return headOf(key, record, written.stats)
        })
      } catch (error) {
        await rm(written.path, { force: true })
        throw error
      }
    },

    async remove(key, ifMatch) {
      const path = pathOf(key)
      return exclusive(key, async () => {
        const current = (await isReal(dirname(path))) ? await stand(key, path) : undefined
        if (!current) return false
        if (ifMatch !== undefined && ifMatch !== current.record.etag)
          throw new ThumbsmithError('storage.precondition_failed')
        folder.onOwn(key, undefined)
        await ifThere(unlink(path))
        await removeEmptyFolders(root, dirname(path))
        await records.remove(key)
        return true
      })
    },
  }
}

/** A version that we know, restored from a backup, keeps its record; any other file is what it looks like. */
async function recordOfForeign(path: string, stats: BigIntStats, known: FileRecord[]) {
  const dropped = recordOfDropped(stats, path)
  const candidates = sameSize(known, stats)
  if (candidates.length === 0) return { record: dropped }
  const etag = await hashFile(path).then(contentEtag, (error) => {
    // It can be told apart all the same; what it holds is for whoever reads it.
    if (isDenied(error)) return undefined
    throw error
  })
  const same = candidates.find((one) => one.etag === etag)
  const record = same ? { ...same, identity: dropped.identity } : dropped
  return { record, rebound: [record, ...candidates.filter((one) => one !== same).slice(0, 1)] }
}

function headOf(key: string, { etag, bytes, contentType, metadata }: FileRecord, stats: BigIntStats): ObjectHead {
  return { key, etag, bytes, contentType, modified: stats.mtime, metadata }
}

/** Whether a folder is there and no link leads to it: a link might lead out of the store. */
async function isReal(path: string): Promise<boolean> {
  return (await ifThere(realpath(path))) === path
}

/** What stands at the path and is not this key's object: an empty folder is in nobody's way. */
async function clearWay(path: string): Promise<void> {
  const stats = await statIfThere(path)
  if (!stats) return
  if (!stats.isDirectory()) throw conflict(path)
  try {
    await rmdir(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') throw conflict(path)
    throw error
  }
}

function conflict(path: string): ThumbsmithError {
  return new ThumbsmithError(
    'key.conflict',
    `Something else stands at ${path} already: a folder, a link, or a name this disk takes for the same. Use another key.`,
  )
}

/** Runs what has the same key one after the other. */
function turns(): <T>(key: string, run: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return (key, run) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(run, run)
    last.set(key, mine)
    const leave = () => {
      if (last.get(key) === mine) last.delete(key)
    }
    mine.then(leave, leave)
    return mine
  }
}
