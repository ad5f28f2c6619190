// What a plain file cannot say of its object (etag, type, metadata): records beside the files, each bound to one file's identity.
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { z } from 'zod'
import { ifThere, syncFolder, writeTemporary } from './fs-durable.ts'

const recordSchema = z.object({
  /** Of the file that this is true of; a file with another identity was put there by somebody else. */
  identity: z.string(),
  bytes: z.int().nonnegative(),
  etag: z.string(),
  contentType: z.string(),
  metadata: z.record(z.string(), z.string()),
})
export type FileRecord = z.infer<typeof recordSchema>

/** Two at most: the version that stands and the one about to replace it, so that one rename of the file changes bytes and record together. */
const sidecarSchema = z.object({ key: z.string(), records: z.array(recordSchema) })

export interface RecordStore {
  read(key: string): Promise<FileRecord[]>
  /** Durable when it returns. */
  write(key: string, records: FileRecord[]): Promise<void>
  remove(key: string): Promise<void>
}

/** Keeps the records below `folder`; `temporary` is a folder on the same file system. */
export function recordStore(folder: string, temporary: string): RecordStore {
  const pathOf = (key: string) => {
    const hash = createHash('sha256').update(key).digest('hex')
    return join(folder, hash.slice(0, 2), `${hash.slice(2)}.json`)
  }
  return {
    async read(key) {
      const text = await ifThere(readFile(pathOf(key), 'utf8'))
      return text === undefined ? [] : parseSidecar(text, key)
    },
    async write(key, records) {
      const path = pathOf(key)
      const written = await writeTemporary(temporary, Buffer.from(JSON.stringify({ key, records })))
      try {
        if (await mkdir(dirname(path), { recursive: true })) await syncFolder(folder)
        await rename(written.path, path)
        await syncFolder(dirname(path))
      } catch (error) {
        await rm(written.path, { force: true })
        throw error
      }
    },
    async remove(key) {
      await rm(pathOf(key), { force: true })
    },
  }
}

/** A sidecar that cannot be read costs an object its metadata, never its bytes. */
function parseSidecar(text: string, key: string): FileRecord[] {
  try {
    const sidecar = sidecarSchema.parse(JSON.parse(text))
    return sidecar.key === key ? sidecar.records : []
  } catch {
    return []
  }
}

/** Names one version of a file: changes whenever it is written or replaced. */
export function identityOf(stats: BigIntStats): string {
  return `${stats.size}-${stats.mtimeNs}-${stats.ino}`
}

/** The etag of an object that was put through the driver. */
export function contentEtag(sha256: string): string {
  return sha256.slice(0, 32)
}

const DROPPED = 'd-'

/** The records whose bytes a file of this size might hold: those with an etag of their content. */
export function sameSize(records: FileRecord[], stats: BigIntStats): FileRecord[] {
  return records.filter((record) => BigInt(record.bytes) === stats.size && !record.etag.startsWith(DROPPED))
}

/** What can be said of a file that somebody dropped: hashing it would cost a read of all its bytes, so its identity is its etag. */
export function recordOfDropped(stats: BigIntStats, path: string): FileRecord {
  const identity = identityOf(stats)
  return {
    identity,
    bytes: Number(stats.size),
    etag: DROPPED + createHash('sha256').update(identity).digest('hex').slice(0, 32),
    contentType: CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
    metadata: {},
  }
}

const CONTENT_TYPES: Record<string, string> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.jfif': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.gif': 'image/gif',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.heic': 'image/heic',
  '.heif': 'image/heif',
  '.json': 'application/json',
}
