// What changes on the server: told live by server-sent events, or asked for again and again where they are not to be had.
import type { FeedEvent } from '../src/http/schemas.ts'
import type { State } from './state.ts'

/** Events come in bursts; the page is drawn once for all that arrive within this time. */
const GATHER_MS = 80
/** A feed that has not come back after this time counts as gone, until it is back. */
const PATIENCE_MS = 4_000
const REOPEN_MS = 30_000
const MOVING_MS = 1_500
const RESTING_MS = 15_000
const BACKOFF_MAX_MS = 60_000
/** Signed links in the page run out; after this long out of sight they are read anew. */
const FORGET_MS = 5 * 60_000

/** How long to wait before asking again: soon while something moves, longer after each failure. */
export function pollAfterMs(moving: boolean, failures: number): number {
  if (failures > 0) return Math.min(BACKOFF_MAX_MS, 1_000 * 2 ** failures)
  return moving ? MOVING_MS : RESTING_MS
}

export interface FeedReader {
  receive(events: Exclude<FeedEvent, { type: 'reset' }>[]): void
  /** Reads the list again; rejects where the server is away. */
  refresh(): Promise<void>
  link(link: State['link']): void
  isMoving(): boolean
}

/** Follows the feed for as long as the page lives. */
export function followFeed(url: string, reader: FeedReader): void {
  let source: EventSource
  let gathered: Exclude<FeedEvent, { type: 'reset' }>[] = []
  let polling: ReturnType<typeof setTimeout> | undefined
  let impatience: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let askedAt = 0
  let hiddenAt = 0

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

  /** Resolves whether the server answered. */
  const ask = async () => {
    askedAt = Date.now()
    try {
      await reader.refresh()
      failures = 0
    } catch {
      failures++
    }
    return failures === 0
  }

  const isOpen = () => source.readyState === EventSource.OPEN

  /** Looks often whether it is time to ask: what began to move since must not wait for the end of a rest. */
  const poll = async () => {
    clearTimeout(polling)
    polling = undefined
    if (isOpen()) return
    if (!document.hidden && Date.now() - askedAt >= pollAfterMs(reader.isMoving(), failures)) {
      const answered = await ask()
      if (isOpen()) return
      reader.link(answered ? 'polling' : 'away')
    }
    clearTimeout(polling)
    polling = setTimeout(poll, MOVING_MS)
  }

  const askNow = () => {
    askedAt = 0
    void poll()
  }

  const open = () => {
    source = new EventSource(url)
    source.addEventListener('message', take)
    source.addEventListener('open', () => {
      clearTimeout(impatience)
      impatience = undefined
      // What happened while nobody listened, before the first time too, is in the list.
      void ask()
      clearTimeout(polling)
      polling = undefined
      reader.link('live')
    })
    source.addEventListener('error', () => {
      const closed = source.readyState === EventSource.CLOSED
      if (closed) setTimeout(reopen, REOPEN_MS)
      if (polling === undefined) impatience ??= setTimeout(askNow, closed ? 0 : PATIENCE_MS)
    })
  }

  const reopen = () => {
    if (source.readyState === EventSource.CLOSED) open()
  }

  addEventListener('online', () => {
    failures = 0
    reopen()
    askNow()
  })
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) hiddenAt = Date.now()
    else if (polling !== undefined) askNow()
    else if (Date.now() - hiddenAt > FORGET_MS) void ask()
  })
  open()
}
