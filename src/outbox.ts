// The outbox: sends what manifests owe to notifiers, and crosses it off only when it was sent.
import { ThumbsmithError, toThumbsmithError } from './errors.ts'
import { notificationOf } from './notify/notification.ts'
import type { Notifier } from './notify/notifier.ts'
import type { Log } from './road.ts'
import { readManifest, writeManifest } from './state.ts'
import type { Storage } from './storage/storage.ts'

export interface OutboxServices {
  state: Storage
  notifiers: Record<string, Notifier>
  log: Log
}

const BACKOFF_FIRST_MS = 5_000
const BACKOFF_MAX_MS = 15 * 60_000

export interface Outbox {
  /** Begins to send what is due for one original; returns at once. One at a time per original, so that nobody is told twice. */
  deliver(key: string): void
  /** Resolves when nothing is being sent any more. */
  idle(): Promise<void>
}

export function openOutbox(services: OutboxServices): Outbox {
  const sending = new Map<string, Promise<void>>()
  return {
    deliver(key) {
      const before = sending.get(key) ?? Promise.resolve()
      const sent = before
        .then(() => deliverOwed(services, key))
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

/** Sends what is due for one original. A notifier that fails is asked again later, by the sweep; results never wait for it. */
async function deliverOwed({ state, notifiers, log }: OutboxServices, key: string): Promise<void> {
  const due =
    (await readManifest(state, key))?.manifest.owed.filter(({ notBefore }) => new Date(notBefore) <= new Date()) ?? []
  for (const item of due) {
    const notifier = notifiers[item.notifier]
    const stored = await readManifest(state, key)
    const owed = stored?.manifest.owed.find(({ id, notifier }) => id === item.id && notifier === item.notifier)
    if (!stored || !owed) continue
    try {
      await notifier?.send(notificationOf(stored.manifest, owed))
      await cross(item, undefined)
    } catch (thrown) {
      const error = toThumbsmithError(thrown)
      const delayMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** owed.tries)
      log.warn({ key, notifier: item.notifier, detail: error.detail }, error.message)
      await cross(item, { ...owed, tries: owed.tries + 1, notBefore: new Date(Date.now() + delayMs).toISOString() })
    }
  }

  async function cross(item: (typeof due)[number], instead: (typeof due)[number] | undefined): Promise<void> {
    for (;;) {
      const stored = await readManifest(state, key)
      if (!stored) return
      const owed = stored.manifest.owed.flatMap((other) =>
        other.id === item.id && other.notifier === item.notifier ? (instead ?? []) : other,
      )
      try {
        await writeManifest(state, { ...stored.manifest, owed }, stored.etag)
        return
      } catch (error) {
        if (!(error instanceof ThumbsmithError) || error.code !== 'storage.precondition_failed') throw error
      }
    }
  }
}
