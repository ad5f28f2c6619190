// What the page knows: one store, and the pure steps by which it changes.
import type { About, FeedEvent, OriginalList, OriginalView } from '../src/http/schemas.ts'
import type { Focus } from '../src/original.ts'

/** A file that waits for its title. `problem` says why it cannot be uploaded. */
export interface Staged {
  id: string
  file: File
  contentType: string
  title: string
  /** Where the eye should rest, as fractions of the picture. */
  focus?: Focus | undefined
  preview?: string | undefined
  problem?: string | undefined
}

export interface Sending {
  id: string
  file: File
  contentType: string
  title: string
  focus?: Focus | undefined
  preview?: string | undefined
  /** Known once the ticket is there. */
  originalId?: string | undefined
  phase: 'waiting' | 'sending' | 'finishing' | 'failed'
  sentBytes: number
  problem?: string | undefined
  /** It failed because nobody answered: it goes on by itself when the connection is back. */
  cutOff?: boolean
  /** The bytes are there; only the server was not told yet. */
  arrived?: boolean
}

export interface State {
  about: About | undefined
  /** Files that were chosen before the server said what it takes. */
  waiting: number
  staged: Staged[]
  /** The title for all staged files, where one was asked for. */
  sharedTitle: string | undefined
  /** The staged file whose title was typed last: its proof is shown. */
  proving: string | undefined
  sending: Sending[]
  originals: OriginalView[]
  /** Where the next page of the list begins. */
  next: string | undefined
  list: 'loading' | 'ready' | 'failed' | 'loading-more'
  listProblem: string | undefined
  /** Pictures from this person's own disk, by the id of the original, shown until a rendition is there. */
  previews: Record<string, string>
  link: 'connecting' | 'live' | 'polling' | 'away'
  online: boolean
  viewing: { id: string; preset: string } | undefined
  removing: string | undefined
  /** The last thing that was said to those who listen rather than look. */
  said: string
}

export const initialState: State = {
  about: undefined,
  waiting: 0,
  staged: [],
  sharedTitle: undefined,
  proving: undefined,
  sending: [],
  originals: [],
  next: undefined,
  list: 'loading',
  listProblem: undefined,
  previews: {},
  link: 'connecting',
  online: true,
  viewing: undefined,
  removing: undefined,
  said: '',
}

export interface Store<T> {
  get(): T
  set(change: Partial<T> | ((state: T) => Partial<T>)): void
  subscribe(listener: () => void): () => void
}

export function createStore<T extends object>(initial: T): Store<T> {
  const listeners = new Set<() => void>()
  let state = initial
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...(typeof change === 'function' ? change(state) : change) }
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/**
 * The list after these events. A known original is replaced where it stands. A new one goes where the server would list it, in the order
 * of keys (which is newest first for what came by ticket); behind all that is loaded it is left to its own page, if there is a `next` one.
 */
export function applyEvents(
  originals: OriginalView[],
  events: Exclude<FeedEvent, { type: 'reset' }>[],
  next: string | undefined,
): OriginalView[] {
  const list = [...originals]
  for (const event of events) {
    const id = event.type === 'removed' ? event.id : event.original.id
    const at = list.findIndex((original) => original.id === id)
    if (event.type === 'removed') {
      if (at >= 0) list.splice(at, 1)
    } else if (at >= 0) {
      list[at] = event.original
    } else {
      const before = list.findIndex((original) => original.key > event.original.key)
      if (before >= 0) list.splice(before, 0, event.original)
      else if (next === undefined) list.push(event.original)
    }
  }
  return list
}

/** The list with its next page behind it; what is known already stays where it is. */
export function appendPage(originals: OriginalView[], page: OriginalList): OriginalView[] {
  const known = new Set(originals.map((original) => original.id))
  return [...originals, ...page.originals.filter((original) => !known.has(original.id))]
}

/**
 * The list after its first page was read again. What stood behind that page stays, unless the page no longer reaches it; `next` is where
 * the list goes on.
 */
export function refreshHead(
  state: Pick<State, 'originals' | 'next'>,
  page: OriginalList,
): Pick<State, 'originals' | 'next'> {
  const last = page.originals.at(-1)
  const seam = last ? state.originals.findIndex((original) => original.id === last.id) : -1
  if (page.next === undefined || seam < 0) return { originals: page.originals, next: page.next }
  const head = new Set(page.originals.map((original) => original.id))
  const tail = state.originals.slice(seam + 1).filter((original) => !head.has(original.id))
  return { originals: [...page.originals, ...tail], next: tail.length > 0 ? state.next : page.next }
}

/** Work is going on, so that a page without live updates asks more often. */
export function isMoving(original: OriginalView): boolean {
  return original.state === 'queued' || original.state === 'rendering'
}

/** The presets as the configuration names them: of those with `format: auto` the server names each rendition, `list.avif` beside `list`. */
export function namedPresets(about: About | undefined): About['presets'] {
  return (about?.presets ?? []).filter(({ name }) => !name.includes('.'))
}

/** What people call it: its title, else the name of its file. */
export function nameOf(item: { title: string; filename: string }): string {
  return item.title || item.filename
}

const LEAD_WIDTH = 640

/** The rendition to show on the card: the first of the rule's that is at least as wide as a card, else the widest; `undefined` where none is there. */
export function leadOf(renditions: OriginalView['renditions']): OriginalView['renditions'][number] | undefined {
  const shown = renditions.filter((rendition) => rendition.url !== undefined)
  const widths = shown.map((rendition) => rendition.width ?? 0)
  return shown.find((_, at) => widths[at]! >= LEAD_WIDTH) ?? shown[widths.indexOf(Math.max(...widths))]
}
