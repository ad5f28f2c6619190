// Conditional writes for stores that have none: one writer of a key at a time looks first and writes then. What it needs is a lock.
import { ThumbsmithError } from '../errors.ts'
import type { Lock } from '../lock.ts'
import type { Storage } from './storage.ts'

/** Writes, writes again on condition that nothing is there, and removes it: whether the store took the condition for what it is. */
export async function keepsConditions(storage: Storage, key: string): Promise<boolean> {
  // Other bytes each time: a store that finds its own there, after an answer that was lost, takes that for done.
  const write = (more: { ifNoneMatch?: '*' }) =>
    storage.put(key, Buffer.from(crypto.randomUUID()), { contentType: 'text/plain', ...more })
  await write({})
  const again = write({ ifNoneMatch: '*' })
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
