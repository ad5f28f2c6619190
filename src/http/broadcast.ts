// From the feed to those who watch: changes of one key within a moment become one message, and its entry is read once for everybody.
import type { Entry } from '../catalogue.ts'
import type { Change, Feed } from '../feed.ts'
import { idOfKey } from '../original.ts'
import type { FeedEvent } from './schemas.ts'
import type { Services } from './services.ts'
import { type Linker, viewOf } from './views.ts'

const MOMENT_MS = 50

export interface Message {
  /** Everything up to here was told: `{epoch}.{sequence}`. */
  id: string
  /** `undefined`: it is for everybody. */
  owner: string | undefined
  /** The event as JSON, with links under this origin. */
  dataFor(origin: string): Promise<string>
}

export interface Channel {
  subscribe(listener: (message: Message) => void): () => void
  /** The id of the last message, or of where the feed stood before the first. */
  position(): string
  /** Past changes as messages, one a key. */
  messagesOf(changes: Change[]): Message[]
}

const textOf = (event: FeedEvent): string => JSON.stringify(event)
export const RESET = textOf({ type: 'reset' })

export function broadcast(feed: Feed, { catalogue, log }: Pick<Services, 'catalogue' | 'log'>, links: Linker): Channel {
  const listeners = new Set<(message: Message) => void>()
  const waiting = new Map<string, Change>()
  let told = feed.last()
  let timer: NodeJS.Timeout | undefined
  let unsubscribe = () => {}

  const idOf = (sequence: number) => `${feed.epoch}.${sequence}`

  function messageOf({ key, owner, sequence }: Change): Message {
    // The change says only where to look: what is there now is the news. Read when first wanted, and once.
    let entry: Promise<Entry | undefined> | undefined
    const texts = new Map<string, Promise<string>>()
    async function read(origin: string): Promise<string> {
      try {
        entry ??= catalogue.read(key)
        const found = await entry
        if (!found) return textOf({ type: 'removed', id: idOfKey(key) })
        return textOf({ type: 'original', original: await viewOf(found, origin, links) })
      } catch (error) {
        log.warn({ key, error: String(error) }, 'a change could not be read for those who watch')
        return RESET
      }
    }
    return {
      id: idOf(sequence),
      owner,
      dataFor(origin) {
        const text = texts.get(origin) ?? read(origin)
        texts.set(origin, text)
        return text
      },
    }
  }

  function flush(): void {
    timer = undefined
    const messages = [...waiting.values()].map(messageOf)
    told = Math.max(told, ...[...waiting.values()].map((change) => change.sequence))
    waiting.clear()
    for (const message of messages) for (const listener of listeners) listener(message)
  }

  function onChange(change: Change): void {
    putLast(waiting, change)
    timer ??= setTimeout(flush, MOMENT_MS)
  }

  /** Changes were missed: whoever watches reads the list anew. */
  function onGap(): void {
    waiting.clear()
    told = feed.last()
    const message: Message = { id: idOf(told), owner: undefined, dataFor: async () => RESET }
    for (const listener of listeners) listener(message)
  }

  return {
    subscribe(listener) {
      if (listeners.size === 0) {
        told = feed.last()
        unsubscribe = feed.subscribe(onChange, onGap)
      }
      listeners.add(listener)
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return
        unsubscribe()
        clearTimeout(timer)
        timer = undefined
        waiting.clear()
      }
    },
    position: () => idOf(listeners.size === 0 ? feed.last() : told),
    messagesOf(changes) {
      const last = new Map<string, Change>()
      for (const change of changes) putLast(last, change)
      return [...last.values()].map(messageOf)
    },
  }
}

/** One change a key, in the order of the last ones, so that the ids of the messages rise. */
function putLast(changes: Map<string, Change>, change: Change): void {
  changes.delete(change.key)
  changes.set(change.key, change)
}
