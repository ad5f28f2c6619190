// Locks: one holder of a name at a time, within this process or among all that share an engine.
import { setTimeout as sleep } from 'node:timers/promises'
import { ThumbsmithError } from './errors.ts'

/**
 * Runs `run` while nobody else runs under this name. `isHeld` says whether that is still so: a lock that its holder held for too long is
 * somebody else's.
 */
export type Lock = <T>(name: string, run: (isHeld: () => Promise<boolean>) => Promise<T>) => Promise<T>

/** What one gets who has a lock that processes share. */
export interface HeldLock {
  isHeld(): Promise<boolean>
  release(): Promise<void>
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

/** Longer than any holder needs for a look and a write of a manifest; whoever waits longer tries again later. */
const WAIT_MS = 20_000
const AGAIN_MS = 25

/** A lock made of one that can only be tried, `undefined` where somebody has it. Those of one process take turns first. */
export function lockByTrying(tryLock: (name: string) => Promise<HeldLock | undefined>): Lock {
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

  async function taken(name: string): Promise<HeldLock> {
    for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline; ) {
      const held = await tryLock(name)
      if (held) return held
      await sleep(AGAIN_MS * (0.5 + Math.random()))
    }
    throw new ThumbsmithError('storage.unavailable', undefined, { detail: `somebody else has the lock ${name}` })
  }
}
