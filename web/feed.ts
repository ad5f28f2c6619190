// What changes on the server: told live by server-sent events, or asked for again and again where they are not to be had.
import type { FeedEvent } from '../src/http/schemas.ts'
import { toApiError } from './api.ts'
import type { State } from './state.ts'

/** Events come in bursts; the page is drawn once for all that arrive within this time. */
const GATHER_MS = 80
/** A feed that has not come back after this time counts as gone, until it is back. */
const PATIENCE_MS = 4_000
const REOPEN_MS = 30_000
const REOPEN_MAX_MS = 10 * 60_000
const MOVING_MS = 1_000
const MOVING_MAX_MS = 8_000
const RESTING_MS = 5_000
const BACKOFF_MAX_MS = 60_000
/** Signed links in the page run out; after this long out of sight they are read anew. */
const FORGET_MS = 5 * 60_000

export interface Asked {
  /** Something is queued or rendering. */
  moving: boolean
  /** How often in a row the answer was that nothing changed, and that there was none. */
  unchanged: number
  failures: number
  /** What the server said last. */
  retryAfterSeconds?: number | undefined
}

/**
 * How long to wait before asking again: soon while something moves, longer the longer nothing changes, and after each failure; never
 * sooner than the server said. `random` (0 to 1) spreads many pages over a fifth of that time.
 */
export function pollAfterMs({ moving, unchanged, failures, retryAfterSeconds = 0 }: Asked, random: number): number {
  const [first, most] =
    failures > 0 ? [1_000, BACKOFF_MAX_MS] : moving ? [MOVING_MS, MOVING_MAX_MS] : [RESTING_MS, BACKOFF_MAX_MS]
  const wait = failures > 0 ? first * 2 ** failures : first * 1.5 ** unchanged
  return Math.max(Math.min(most, wait), 1_000 * retryAfterSeconds) * (1 + random / 5)
}

export interface FeedReader {
  receive(events: Exclude<FeedEvent, { type: 'reset' }>[]): void
  /** Reads the list again, and tells whether it changed; rejects where the server is away. */
  refresh(): Promise<boolean>
  link(link: State['link']): void
  isMoving(): boolean
}

export interface Followed {
  /** The person did something: what follows from it is to be seen soon. */
  hurry(): void
}

/** Follows the feed for as long as the page lives; without a `url` there are no live events, and it asks. */
export function followFeed(url: string | undefined, reader: FeedReader): Followed {
  let source: EventSource | undefined
  let gathered: Exclude<FeedEvent, { type: 'reset' }>[] = []
  let polling: ReturnType<typeof setTimeout> | undefined
  let impatience: ReturnType<typeof setTimeout> | undefined
  let reopenMs = REOPEN_MS
  let hiddenAt = 0
  let asking = false
  let asked: Omit<Asked, 'moving'> = { unchanged: 0, failures: 0 }

  const take = (message: MessageEvent<string>) => {
    const event: FeedEvent = JSON.parse(message.data)
    if (event.type === 'reset') return void ask()
    if (gathered.push(event) > 1) return
    setTimeout(() => {
      const events = gathered
      gathered = []
      reader.receive(events)
    }, GATHER_MS)
  }

  const ask = async () => {
    asking = true
    try {
      const changed = await reader.refresh()
      asked = { unchanged: changed ? 0 : asked.unchanged + 1, failures: 0 }
    } catch (thrown) {
      const { retryAfterSeconds } = toApiError(thrown)
      asked = { unchanged: 0, failures: asked.failures + 1, retryAfterSeconds }
    }
    asking = false
  }

  const isLive = () => source?.readyState === EventSource.OPEN
  const stopPolling = () => {
    clearTimeout(polling)
    polling = undefined
  }

  const poll = async () => {
    stopPolling()
    if (isLive() || asking) return
    // Nobody looks: what changed is asked for when somebody does.
    if (!document.hidden) {
      await ask()
      if (isLive()) return
      reader.link(asked.failures > 0 ? 'away' : 'polling')
    }
    stopPolling()
    polling = setTimeout(poll, pollAfterMs({ ...asked, moving: reader.isMoving() }, Math.random()))
  }

  const hurry = () => {
    asked = { ...asked, unchanged: 0 }
    // A server that asked to wait is not hurried.
    if (polling !== undefined && asked.retryAfterSeconds === undefined) void poll()
  }

  const open = () => {
    if (url === undefined) return
    source = new EventSource(url)
    source.addEventListener('message', take)
    source.addEventListener('open', () => {
      clearTimeout(impatience)
      impatience = undefined
      reopenMs = REOPEN_MS
      // What happened while nobody listened, before the first time too, is in the list.
      void ask()
      stopPolling()
      reader.link('live')
    })
    source.addEventListener('error', () => {
      const closed = source?.readyState === EventSource.CLOSED
      if (closed) {
        setTimeout(reopen, reopenMs)
        reopenMs = Math.min(REOPEN_MAX_MS, 2 * reopenMs)
      }
      if (polling === undefined) impatience ??= setTimeout(poll, closed ? 0 : PATIENCE_MS)
    })
  }

  const reopen = () => {
    if (source?.readyState === EventSource.CLOSED) open()
  }

  addEventListener('online', () => {
    asked = { unchanged: 0, failures: 0 }
    reopen()
    hurry()
  })
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) hiddenAt = Date.now()
    else if (polling !== undefined) hurry()
    else if (Date.now() - hiddenAt > FORGET_MS) void ask()
  })
  open()
  if (url === undefined) void poll()
  return { hurry }
}
