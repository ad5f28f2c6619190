// The folder as a store: originals are plain files a person can see and drop, written whole and durably, under S3's preconditions.
import { access, constants, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ThumbsmithError } from '../errors.ts'
import { type FsAccess, fsAccess } from './fs-access.ts'
import { type Body, isDenied, storageError } from './fs-durable.ts'
import { openFolder } from './fs-folder.ts'
import { type FoundFile, fileWalker } from './fs-list.ts'
import { RESERVED_FOLDER } from './fs-names.ts'
import { fsObjects } from './fs-objects.ts'
import { parseRange, readFileStream } from './fs-read.ts'
import { recordStore } from './fs-records.ts'
import { fsSigner } from './fs-sign.ts'
import { REMOVED, watchFolder } from './fs-watch.ts'
import {
  checkKey,
  checkMetadata,
  KEY_MAX_BYTES,
  type ObjectBody,
  type ObjectHead,
  type PutOptions,
  type Storage,
} from './storage.ts'

export type FsStorage = Storage & FsAccess & Required<Pick<Storage, 'watch' | 'close'>>

export interface FsStorageOptions {
  /** The folder; it is made where it is missing. */
  root: string
  /** The store is served at `/blobs/{name}`. */
  name: 'originals' | 'renditions'
  /** Signs tickets and links; 32 random bytes that stay the same across restarts. */
  secret: Uint8Array
  /** Milliseconds since 1970; by default the clock. */
  now?: () => number
  /** Takes no lock and writes nothing, so that it can stand beside the process that owns the folder. */
  isReadOnly?: boolean
  /** How long a dropped file must stay the same before it is told; default 400. */
  stableMs?: number
  /** Told, once each, of files that cannot be objects and of changes that cannot be watched. */
  onWarning?: (message: string) => void
}

const OWN_KEPT = 10_000
const HEADS_AT_ONCE = 64
const LIST_LIMIT = 1000
const READS = 10
const SECRET_MIN_BYTES = 16

/** Opens a folder as a store. Throws `storage.unavailable` where another process owns it. `close` gives it back. */
export async function fsStorage(options: FsStorageOptions): Promise<FsStorage> {
  const { isReadOnly = false, now = Date.now } = options
  const given = resolve(options.root)
  if (options.secret.length < SECRET_MIN_BYTES)
    throw new ThumbsmithError('config.invalid', `The secret is too short. Give it ${SECRET_MIN_BYTES} bytes at least.`)
  const guard = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (error) {
      throw storageError(error, given)
    }
  }
  const { root, unlock, folds } = await guard(() => openFolder(given, isReadOnly))
  const rootStats = await stat(root)
  const reserved = join(root, RESERVED_FOLDER)
  const warn = once(options.onWarning ?? (() => {}))
  const onStrange = (path: string, why: string) => warn(`${path} is left alone: ${why}.`)
  const walk = fileWalker({ root, folds, onStrange })
  const own = new Map<string, string>()
  const stops = new Set<() => Promise<void>>()
  const objects = fsObjects({
    root,
    temporary: join(reserved, 'tmp'),
    records: recordStore(join(reserved, 'heads'), join(reserved, 'tmp')),
    folds,
    isReadOnly,
    onOwn(key, identity = REMOVED) {
      if (stops.size === 0) return
      own.delete(key)
      own.set(key, identity)
      if (own.size > OWN_KEPT) own.delete(own.keys().next().value!)
    },
  })

  /** An unmounted disk leaves an empty folder behind, or none: that is no answer to "what is there?". */
  async function checkRoot(): Promise<void> {
    const { dev, ino } = await stat(root)
    if (dev !== rootStats.dev || ino !== rootStats.ino)
      throw new ThumbsmithError(
        'storage.unavailable',
        `The folder ${given} was replaced by another. Is its disk mounted?`,
      )
  }
  /** Reads one key. Where the store is well and only this file may not be read, the others are not away with it. */
  async function reading<T>(key: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      const { path = '' } = error as NodeJS.ErrnoException
      if (!isDenied(error) || !path.startsWith(root + sep) || path.startsWith(reserved + sep))
        throw storageError(error, given)
      await guard(async () => {
        await checkRoot()
        await access(root, constants.R_OK | constants.X_OK)
      })
      throw new ThumbsmithError(
        'storage.denied',
        `The file ${JSON.stringify(key)} may not be read. Let the user that runs thumbsmith read it, then try again.`,
        { cause: error, detail: String(error) },
      )
    }
  }
  function checkWritable(): void {
    if (isReadOnly) throw new ThumbsmithError('storage.unavailable', `The folder ${given} was opened for reading only.`)
  }
  async function lookOrCheck(key: string) {
    checkKey(key)
    const standing = await objects.look(key)
    if (!standing) await checkRoot()
    return standing
  }
  /** What lies in a folder whose names may be read and nothing more. */
  async function lookOrSkip({ key, path }: FoundFile) {
    try {
      return await objects.lookAt(key, path)
    } catch (error) {
      if (!isDenied(error) || dirname(path) === root) throw error
      onStrange(dirname(path), 'nothing in it may be read. Let the user that runs thumbsmith own it')
      return undefined
    }
  }
  const put = (key: string, body: Body, putOptions: PutOptions) =>
    guard(async () => {
      checkKey(key)
      checkMetadata(putOptions.metadata ?? {})
      checkWritable()
      return objects.put(key, body, putOptions)
    })
  const signer = fsSigner(options.name, options.secret, now)

  return {
    ...fsAccess(signer, put),
    url: pathToFileURL(root).href,
    head: (key) => reading(key, async () => (await lookOrCheck(key))?.head),
    put,

    get: (key, { range, ifMatch } = {}) =>
      reading(key, async (): Promise<ObjectBody | undefined> => {
        for (let tries = 0; tries < READS; tries++) {
          const standing = await lookOrCheck(key)
          if (!standing) return undefined
          const { head, path, record } = standing
          if (ifMatch !== undefined && ifMatch !== head.etag) throw new ThumbsmithError('storage.precondition_failed')
          const stream = await readFileStream(path, record.identity, parseRange(range, head.bytes))
          if (stream) return { head, stream }
        }
        throw new ThumbsmithError('storage.precondition_failed', 'Somebody is writing into this file.')
      }),

    delete: (key, { ifMatch } = {}) =>
      guard(async () => {
        checkKey(key)
        checkWritable()
        if (!(await objects.remove(key, ifMatch))) await checkRoot()
      }),

    list: ({ prefix = '', after = '', limit = LIST_LIMIT } = {}) =>
      guard(async () => {
        const heads: ObjectHead[] = []
        if (isPossible(prefix)) {
          for await (const batch of batches(walk(prefix, after), limit)) {
            const found = await Promise.all(batch.map(lookOrSkip))
            for (const standing of found) if (standing) heads.push(standing.head)
            if (heads.length >= limit) break
          }
        }
        if (heads.length === 0) await checkRoot()
        return heads.slice(0, limit)
      }),

    signUpload: async (policy) => signer.signUpload(policy),
    signDownload: async (key, downloadOptions) => signer.signDownload(key, downloadOptions),

    async watch(onEvent) {
      const stopWatching = await watchFolder(root, {
        stableMs: options.stableMs ?? 400,
        isOwn(key, identity) {
          if (own.get(key) === identity) return true
          // Somebody else had the last word: the same state may come about again, and not by us.
          own.delete(key)
          return false
        },
        onEvent,
        onStrange,
        onWarning: warn,
      })
      const stop = async () => {
        stops.delete(stop)
        await stopWatching()
      }
      stops.add(stop)
      return stop
    },

    async close() {
      await Promise.all([...stops].map((stop) => stop()))
      await unlock()
    },
  }
}

/** A prefix that no key can begin with finds nothing; it is no error. */
function isPossible(prefix: string): boolean {
  return prefix.isWellFormed() && !prefix.includes('\0') && Buffer.byteLength(prefix) <= KEY_MAX_BYTES
}

async function* batches<T>(items: AsyncIterable<T>, limit: number): AsyncGenerator<T[]> {
  const size = Math.min(limit, HEADS_AT_ONCE)
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function once(tell: (message: string) => void): (message: string) => void {
  const told = new Set<string>()
  return (message) => {
    if (told.has(message) || told.size >= 10_000) return
    told.add(message)
    tell(message)
  }
}
