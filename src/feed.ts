// The feed: keys whose state just changed, for those who watch; a ring of the last ones lets a reader that was away catch up.

export interface Change {
  /** Rises by one; starts anew with the process, so it is only good together with `epoch`. */
  sequence: number
  key: string
  owner: string
  kind: 'changed' | 'removed'
}

export interface Feed {
  /** Tells one run of the process from the next. */
  readonly epoch: string
  publish(change: Omit<Change, 'sequence'>): void
  /** Calls back on every later change, and on a gap: some changes were missed. Returns how to stop. */
  subscribe(onChange: (change: Change) => void, onGap?: () => void): () => void
  /** The changes after this one, or `undefined` where some of them are forgotten. */
  since(epoch: string, sequence: number): Change[] | undefined
  /** The number of the last change. */
  last(): number
}

const RING_MAX = 1000

export interface MemoryFeed extends Feed {
  /** What came before is forgotten, because not all of it is known. */
  gap(): void
}

export function memoryFeed(): MemoryFeed {
  const epoch = crypto.randomUUID().slice(0, 8)
  const listeners = new Set<{ onChange: (change: Change) => void; onGap: (() => void) | undefined }>()
  const ring: Change[] = []
  let sequence = 0
  return {
    epoch,
    publish(partial) {
      const change = { ...partial, sequence: ++sequence }
      ring.push(change)
      if (ring.length > RING_MAX) ring.shift()
      for (const { onChange } of listeners) onChange(change)
    },
    gap() {
      sequence++
      ring.length = 0
      for (const { onGap } of listeners) onGap?.()
    },
    subscribe(onChange, onGap) {
      const listener = { onChange, onGap }
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    since(asked, after) {
      if (asked !== epoch || after > sequence) return undefined
      const oldest = ring[0]?.sequence ?? sequence + 1
      return after >= oldest - 1 ? ring.filter((change) => change.sequence > after) : undefined
    },
    last: () => sequence,
  }
}
