// Word of removed originals: a few are looked at one by one; many at once are left to the sweep, which knows how many are too many.
import { REMOVALS_ALWAYS_ALLOWED } from './sweep.ts'

export interface RemovalOptions {
  look(key: string): void
  /** Many went at once, and no more go now. */
  onMany(): void
  /** Removals are gathered until none came for so long: somebody who deletes a folder deletes one file after the other. */
  quietMs?: number
}

/** So many may go within this time, however they are spread over it. */
const WITHIN_MS = 60_000

/** Returns what is to be told of each original that is said to be gone, and how to stop. */
export function openRemovals({ look, onMany, quietMs = 1000 }: RemovalOptions) {
  const waiting = new Set<string>()
  let looked: number[] = []
  let timer: NodeJS.Timeout | undefined

  function decide(): void {
    const now = Date.now()
    looked = looked.filter((at) => now - at < WITHIN_MS)
    const keys = [...waiting]
    waiting.clear()
    if (looked.length + keys.length > REMOVALS_ALWAYS_ALLOWED) onMany()
    else
      for (const key of keys) {
        looked.push(now)
        look(key)
      }
  }

  return {
    removed(key: string): void {
      // One too many is enough to know.
      if (waiting.size <= REMOVALS_ALWAYS_ALLOWED) waiting.add(key)
      clearTimeout(timer)
      timer = setTimeout(decide, quietMs)
    },
    close: () => clearTimeout(timer),
  }
}
