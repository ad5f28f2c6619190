// What is to be said to the other processes: in order, and again until it was said. Of too much, only that something was missed.
import { setTimeout as sleep } from 'node:timers/promises'

const AGAIN_AFTER_MS = 500
/** More than this waits only for an engine that hangs. */
const UNSAID_MAX = 10_000
/** Stands for messages that are not known any more. */
export const MISSED = ''

export interface Speaker {
  say(message: string): void
  /** Resolves when all is said, or after so long; nothing is said any more then. */
  close(withinMs: number): Promise<void>
}

/** `send` rejects where the engine may not have got the messages; then they may be sent twice. */
export function openSpeaker(send: (messages: string[]) => Promise<unknown>): Speaker {
  let unsaid: string[] = []
  let saying: Promise<void> | undefined
  let closed = false

  async function sayAll(): Promise<void> {
    // What is said within one turn of the event loop goes together.
    await Promise.resolve()
    while (unsaid.length && !closed) {
      const messages = unsaid
      unsaid = []
      try {
        await send(messages)
      } catch {
        unsaid = [...messages, ...unsaid]
        await sleep(AGAIN_AFTER_MS, undefined, { ref: false })
      }
    }
    saying = undefined
  }

  return {
    say(message) {
      if (unsaid.length >= UNSAID_MAX) unsaid = [MISSED]
      unsaid.push(message)
      saying ??= sayAll()
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
