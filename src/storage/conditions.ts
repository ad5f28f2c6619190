// Conditional writes for stores that have none: one writer of a key at a time looks first and writes then. What it needs is a lock.
import { setTimeout as sleep } from 'node:timers/promises'
import { ThumbsmithError } from '../errors.ts'
import type { Storage } from './storage.ts'

/**
 * Runs `run` while nobody else runs under this name. `isHeld` says whether that is still so: a lock that its holder held for too long is
 * somebody else's.
 */
export type Lock = <T>(name: string, run: (isHeld: () => Promise<boolean>) => Promise<T>) => Promise<T>

/** Writes, writes again on condition that nothing is there, and removes it: whether the store took the condition for what it is. */
export async function keepsConditions(storage: Storage, key: string): Promise<boolean> {
  const bytes = Buffer.from(crypto.randomUUID())
  await storage.put(key, bytes, { contentType: 'text/plain' })
  const again = storage.put(key, bytes, { contentType: 'text/plain', ifNoneMatch: '*' })
  const isKept = await again.then(
    () => false,
    // Some refuse the header itself.
    (error: ThumbsmithError) => error.code === 'storage.precondition_failed',
  )
  await storage.delete(key)
  return isKept
}

/** The same store, whose conditions hold against everybody who writes under the same lock. */
export function lockedStorage(storage: Storage, lock: Lock): Storage {
  const etagNow = async (key: string) => (await storage.head(key))?.etag
  const alone = <T>(key: string, holds: (etag: string | undefined) => boolean, run: () => Promise<T>): Promise<T> =>
    lock(`${storage.url} ${key}`, async (isHeld) => {
      if (!holds(await etagNow(key))) throw new ThumbsmithError('storage.precondition_failed')
      if (!(await isHeld()))
        throw new ThumbsmithError('storage.unavailable', undefined, { detail: `the lock of ${key} ran out` })
      return run()
    })
  return {
    ...storage,
    async put(key, body, { ifMatch, ifNoneMatch, ...options }) {
      if (ifMatch === undefined && ifNoneMatch === undefined) return storage.put(key, body, options)
      const holds = (etag: string | undefined) => (ifNoneMatch ? etag === undefined : etag === ifMatch)
      return alone(key, holds, () => storage.put(key, body, options))
    },
    async delete(key, { ifMatch } = {}) {
      if (ifMatch === undefined) return storage.delete(key)
      await alone(
        key,
        (etag) => etag === undefined || etag === ifMatch,
        () => storage.delete(key),
      )
    },
  }
}

/** A lock for those who are alone with the store. */
export function lockInProcess(): Lock {
  const turns = new Map<string, Promise<unknown>>()
  return async (name, run) => {
    const before = turns.get(name)
    const turn = (async () => {
      await before?.catch(() => {})
      return run(async () => true)
    })()
    turns.set(name, turn)
    try {
      return await turn
    } finally {
      if (turns.get(name) === turn) turns.delete(name)
    }
  }
}

/** What a lock that processes share gives to the one who has it. */
interface Held {
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** Longer than any holder needs for a look and a write of a manifest; whoever waits longer tries again later. */
const WAIT_MS = 20_000
const AGAIN_MS = 25

/** A lock made of one that can only be tried, `undefined` where somebody has it. Those of one process take turns first. */
export function lockByTrying(tryLock: (name: string) => Promise<Held | undefined>): Lock {
  const inProcess = lockInProcess()
  return (name, run) =>
    inProcess(name, async () => {
      const held = await taken(name)
      try {
        return await run(held.isHeld)
      } finally {
        // What is not given back ends with its holder.
        await held.release().catch(() => {})
      }
    })

  async function taken(name: string): Promise<Held> {
    for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline; ) {
      const held = await tryLock(name)
      if (held) return held
      await sleep(AGAIN_MS * (0.5 + Math.random()))
    }
    throw new ThumbsmithError('storage.unavailable', undefined, { detail: `somebody else has the lock ${name}` })
  }
}
