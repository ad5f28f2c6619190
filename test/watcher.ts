// One reader of the live events, for tests: what an EventSource would see, and its position.
import { type FeedEvent, feedEventSchema } from '../src/http/schemas.ts'

export interface Watcher {
  events: { id: string; event: FeedEvent }[]
  /** The last id, with or without data: what an EventSource would send as Last-Event-ID. */
  position(): string
  raw(): string
  stop(): void
  /** Waits until so many events have come. */
  count(events: number): Promise<Watcher['events']>
  ended: Promise<void>
}

/** Watches as this owner's token, from after an event on. */
export async function watchEvents(url: string, as: string, lastEventId?: string): Promise<Watcher> {
  const stopper = new AbortController()
  const headers = { authorization: `Bearer ${as}`, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) }
  const response = await fetch(`${url}/v1/events`, { headers, signal: stopper.signal })
  if (response.headers.get('content-type') !== 'text/event-stream') throw new Error(await response.text())
  const events: Watcher['events'] = []
  let text = ''
  let position = ''
  const ended = (async () => {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of response.body!) {
      const piece = decoder.decode(chunk as Uint8Array, { stream: true })
      text += piece
      const blocks = (rest + piece).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
        position = field('id') ?? position
        const data = field('data')
        if (data !== undefined) events.push({ id: position, event: feedEventSchema.parse(JSON.parse(data)) })
      }
    }
  })().catch(() => {})
  return {
    events,
    position: () => position,
    raw: () => text,
    stop: () => stopper.abort(),
    async count(wanted) {
      await until(() => events.length >= wanted)
      return events
    },
    ended,
  }
}

export async function until(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (check()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('It never came true.')
}
