// What one process says to the others: with its name on it, in order, and again until it was said. Of too much, only that something was missed.
import { setTimeout as sleep } from 'node:timers/promises'

const AGAIN_AFTER_MS = 500
/** More than this waits only for an engine that hangs. */
const UNSAID_MAX = 10_000
/** Stands for messages that are not known any more. */
const MISSED = ''

export interface Listener {
  onMessage(message: string): void
  /** Messages may have been missed. */
  onGap(): void
}

export interface Speaker {
  /** What is longer than the engine takes, others hear of as missed. */
  say(message: string): void
  /** Tells of what another process has said; what we said ourselves comes back too, and is nothing new. */
  hear(text: string, listener: Listener): void
  /** Resolves when all is said, or after so long; nothing is said any more then. */
  close(withinMs: number): Promise<void>
}

/** `send` rejects where the engine may not have got the texts; then they may be sent twice. */
export function openSpeaker(
  instance: string,
  send: (texts: string[]) => Promise<unknown>,
  maxBytes = Number.POSITIVE_INFINITY,
): Speaker {
  const textOf = (message: string) => `${instance} ${message}`
  let unsaid: string[] = []
  let saying: Promise<void> | undefined
  let closed = false

  async function sayAll(): Promise<void> {
    // What is said within one turn of the event loop goes together.
    await Promise.resolve()
    while (unsaid.length && !closed) {
      const texts = unsaid
      unsaid = []
      try {
        await send(texts)
      } catch {
        unsaid = [...texts, ...unsaid]
        await sleep(AGAIN_AFTER_MS, undefined, { ref: false })
      }
    }
    saying = undefined
  }

  return {
    say(message) {
      if (unsaid.length >= UNSAID_MAX) unsaid = [textOf(MISSED)]
      const text = textOf(message)
      unsaid.push(Buffer.byteLength(text) <= maxBytes ? text : textOf(MISSED))
      saying ??= sayAll()
    },
    hear(text, { onMessage, onGap }) {
      const cut = text.indexOf(' ')
      if (text.slice(0, cut) === instance) return
      const message = text.slice(cut + 1)
      if (message === MISSED) onGap()
      else onMessage(message)
    },
    async close(withinMs) {
      const late = new AbortController()
      // It holds the process: what is to be closed after this would not be otherwise.
      await Promise.race([saying, sleep(withinMs, undefined, { signal: late.signal }).catch(() => {})])
      late.abort()
      closed = true
    },
  }
}
