// The route of live events: each watcher gets its own originals, whole, as they change, or is told to read the list anew.
import { createRoute } from '@hono/zod-openapi'
import { ThumbsmithError } from '../errors.ts'
import type { Change, Feed } from '../feed.ts'
import { mayRead } from './access.ts'
import { broadcast, type Message, RESET } from './broadcast.ts'
import { PROBLEMS } from './documents.ts'
import { eventStream } from './eventstream.ts'
import { feedEventSchema } from './schemas.ts'
import type { Api, Services } from './services.ts'
import type { Linker } from './views.ts'

const HEARTBEAT_MS = 15_000
/** Whoever missed more is quicker by reading a page of the list. */
const REPLAY_MAX = 50

const watch = createRoute({
  method: 'get',
  path: '/v1/events',
  summary: 'Watch originals change',
  description:
    'Server-sent events; the data of each is one of the types below. Read the list after the stream has opened: then nothing is missed. A stream that broke goes on after `Last-Event-ID`; where too much was missed it begins with `reset`.',
  responses: {
    200: { description: 'The stream.', content: { 'text/event-stream': { schema: feedEventSchema } } },
    ...PROBLEMS,
  },
})

export function eventRoutes(api: Api, services: Services, links: Linker, heartbeatMs = HEARTBEAT_MS): void {
  const { feed } = services
  const channel = feed && broadcast(feed, services, links)

  api.openapi(watch, (c) => {
    if (!feed || !channel)
      throw new ThumbsmithError('not_found', 'There are no live events here: poll the list instead.')
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
    // hono asks a HEAD as a GET and drops the body, so nobody would end the stream.
    if (c.req.method === 'HEAD') return new Response(null, { headers })
    const identity = c.get('identity')
    const origin = c.get('origin')!
    const isMine = (owner: string) => mayRead(identity, owner)
    const lastEventId = c.req.header('last-event-id')
    const missed = lastEventId === undefined ? [] : changesSince(feed, lastEventId, isMine)
    const stream = eventStream({
      heartbeatMs,
      position: () => channel.position(),
      start: (send) => {
        const tell = (message: Message) => {
          if (message.owner === undefined || isMine(message.owner)) send(message.id, () => message.dataFor(origin))
        }
        const stop = channel.subscribe(tell)
        if (missed === 'too much') send(channel.position(), async () => RESET)
        else for (const message of channel.messagesOf(missed)) tell(message)
        // With this a watcher that breaks off before its first event goes on from here.
        if (lastEventId === undefined) send(channel.position())
        return stop
      },
    })
    c.req.raw.signal.addEventListener('abort', stream.end, { once: true })
    return new Response(stream.body, { headers })
  })
}

function changesSince(feed: Feed, lastEventId: string, isMine: (owner: string) => boolean): Change[] | 'too much' {
  const [, epoch, sequence] = /^([\w-]{1,64})\.(\d{1,15})$/.exec(lastEventId) ?? []
  const changes =
    epoch === undefined ? undefined : feed.since(epoch, Number(sequence))?.filter(({ owner }) => isMine(owner))
  return changes && new Set(changes.map(({ key }) => key)).size <= REPLAY_MAX ? changes : 'too much'
}
