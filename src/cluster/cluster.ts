// The cluster port: what the processes of one system know of one another: what one tells all, which of them are there, and who leads.

import type { HeldLock } from '../lock.ts'

export interface ClusterOptions {
  url: string
  /** Sets this system apart from others on the same engine. At most 40 word characters. */
  name: string
  /** Names this process among the others. */
  instance: string
}

export interface Cluster {
  /** Tells every other process, without delay; what is said in an outage, after it. Rarely twice. */
  publish(message: string): void
  /** `onGap` is called when messages may have been missed. */
  subscribe(onMessage: (message: string) => void, onGap: () => void): void
  /** Whether the process of this name is connected, or may be about to be again after an outage. Throws `queue.unavailable`. */
  isPresent(instance: string): Promise<boolean>
  /** Whether this is the one process that leads; it stays so until it ends. Around an outage two may believe it. */
  leads(): Promise<boolean>
  /**
   * Takes the lock of this name, `undefined` where somebody has it. It ends by itself when its holder is gone, after a minute at most.
   * Throws `queue.unavailable`.
   */
  tryLock(name: string): Promise<HeldLock | undefined>
  close(): Promise<void>
}
