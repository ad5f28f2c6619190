// The outbox: sends what manifests owe to notifiers, and crosses it off only when it was sent.
import { ThumbsmithError, toThumbsmithError } from './errors.ts'
import type { Manifest } from './manifest.ts'
import { notificationOf } from './notify/notification.ts'
import type { Notifier } from './notify/notifier.ts'
import type { Log } from './road.ts'
import { readManifest, type StoredManifest, writeManifest } from './state.ts'
import type { Storage } from './storage/storage.ts'

export interface OutboxServices {
  state: Storage
  notifiers: Record<string, Notifier>
  log: Log
  /** Has what failed delivered again, after so long. Without it, the next sweep does that. */
  again?: ((key: string, delayMs: number) => Promise<void>) | undefined
}

const BACKOFF_FIRST_MS = 5_000
const BACKOFF_MAX_MS = 15 * 60_000

export interface Outbox {
  /**
   * Begins to send what is due for one original; returns at once. One at a time per original, so that nobody is told twice. `stored`: its
   * manifest where that is known.
   */
  deliver(key: string, stored?: StoredManifest): void
  /** Resolves when nothing is being sent any more. */
  idle(): Promise<void>
}

export function openOutbox(services: OutboxServices): Outbox {
  const sending = new Map<string, Promise<void>>()
  return {
    deliver(key, stored) {
      const before = sending.get(key)
      // What was known before others sent is not true any more.
      const sent = (before ? before.then(() => deliverOwed(services, key)) : deliverOwed(services, key, stored))
        .catch((error) => services.log.warn({ key, detail: String(error) }, 'a notification waits for the next sweep'))
        .finally(() => {
          if (sending.get(key) === sent) sending.delete(key)
        })
      sending.set(key, sent)
    },
    async idle() {
      while (sending.size) await Promise.all(sending.values())
    },
  }
}

type Owed = Manifest['owed'][number]

/** Sends what is due for one original. A notifier that fails is asked again later; results never wait for it. */
async function deliverOwed({ state, notifiers, log, again }: OutboxServices, key: string, known?: StoredManifest) {
  let stored = known ?? (await readManifest(state, key))
  const due = stored?.manifest.owed.filter(({ notBefore }) => new Date(notBefore) <= new Date()) ?? []
  const delaysMs: number[] = []
  for (const item of due) {
    const owed = stored?.manifest.owed.find((other) => isSame(other, item))
    if (!stored || !owed) continue
    let instead: Owed | undefined
    try {
      await notifiers[item.notifier]?.send(notificationOf(stored.manifest, owed))
    } catch (thrown) {
      const error = toThumbsmithError(thrown)
      log.warn({ key, notifier: item.notifier, detail: error.detail }, error.message)
      const delayMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** owed.tries)
      delaysMs.push(delayMs)
      instead = { ...owed, tries: owed.tries + 1, notBefore: new Date(Date.now() + delayMs).toISOString() }
    }
    stored = await cross(state, stored, owed, instead)
  }
  // Only now that it is written down when each is due.
  for (const delayMs of delaysMs) await again?.(key, delayMs)
}

const isSame = (a: Owed, b: Owed) => a.id === b.id && a.notifier === b.notifier

/** Writes that it was sent, or what is owed instead; gives what stands then. */
async function cross(state: Storage, stored: StoredManifest, item: Owed, instead: Owed | undefined) {
  let current: StoredManifest | undefined = stored
  while (current) {
    const owed = current.manifest.owed.flatMap((other) => (isSame(other, item) ? (instead ?? []) : other))
    try {
      return await writeManifest(state, { ...current.manifest, owed }, current.etag)
    } catch (error) {
      if (!(error instanceof ThumbsmithError) || error.code !== 'storage.precondition_failed') throw error
      current = await readManifest(state, stored.manifest.key)
    }
  }
  return undefined
}
