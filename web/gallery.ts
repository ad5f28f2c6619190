// The list of originals: read by page, kept true by the feed, and changed by the person.
import type { FeedEvent, OriginalView } from '../src/http/schemas.ts'
import type { Focus } from '../src/original.ts'
import { editOriginal, readAbout, readList, removeOriginal, retryOriginal, toApiError } from './api.ts'
import { appendPage, applyEvents, isMoving, nameOf, refreshHead } from './state.ts'
import { say, store } from './store.ts'
import { words } from './words.ts'

const PAGE = 24
/** The server gives no more at once. */
const PAGE_MAX = 200
const SAY_AFTER_MS = 1200

let head: { limit: number; etag: string | undefined } = { limit: PAGE, etag: undefined }

export async function openGallery(): Promise<void> {
  store.set({ list: 'loading', listProblem: undefined })
  try {
    await refresh()
  } catch (thrown) {
    store.set({ list: 'failed', listProblem: toApiError(thrown).message })
  }
}

/**
 * Reads the newest originals again, and what may be uploaded where that is not known yet. Tells whether anything changed; where nothing
 * did it costs next to nothing.
 */
export async function refresh(): Promise<boolean> {
  const limit = Math.min(PAGE_MAX, Math.max(PAGE, store.get().originals.length))
  const [read] = await Promise.all([
    readList({ limit, etag: limit === head.limit ? head.etag : undefined }),
    learnAbout(),
  ])
  if (read === undefined) {
    const { list } = store.get()
    if (list === 'loading' || list === 'failed') store.set({ list: 'ready', listProblem: undefined })
    return false
  }
  head = { limit, etag: read.etag }
  const before = store.get().originals
  store.set((state) => ({ ...refreshHead(state, read.list), list: 'ready', listProblem: undefined }))
  tellChanges(before, store.get().originals)
  return true
}

async function learnAbout(): Promise<void> {
  if (!store.get().about) store.set({ about: await readAbout() })
}

export async function loadMore(): Promise<void> {
  const { next, list } = store.get()
  if (next === undefined || list === 'loading-more') return
  store.set({ list: 'loading-more', listProblem: undefined })
  try {
    const read = await readList({ cursor: next, limit: PAGE })
    if (read)
      store.set(({ originals }) => ({
        originals: appendPage(originals, read.list),
        next: read.list.next,
        list: 'ready',
      }))
  } catch (thrown) {
    store.set({ list: 'ready', listProblem: toApiError(thrown).message })
  }
}

/** Takes what the feed, or an answer of the server, says. */
export function receive(events: Exclude<FeedEvent, { type: 'reset' }>[]): void {
  const before = store.get().originals
  store.set(({ originals, next }) => ({ originals: applyEvents(originals, events, next) }))
  tellChanges(before, store.get().originals)
  // The list stands differently now than the server's last answer; its etag would hide the next change back.
  head.etag = undefined
}

export async function changeTitle(original: OriginalView, title: string): Promise<void> {
  const changed = await editOriginal(original.id, { title, ifRevision: original.revision })
  receive([{ type: 'original', original: changed }])
  say(isMoving(changed) ? words.card.saved : words.card.savedQuietly)
}

/** `null` takes it away. */
export async function changeFocus(original: OriginalView, focus: Focus | null): Promise<void> {
  const changed = await editOriginal(original.id, { focus, ifRevision: original.revision })
  receive([{ type: 'original', original: changed }])
  say(focus ? words.focus.saved : words.focus.cleared)
}

export async function retry(id: string): Promise<void> {
  receive([{ type: 'original', original: await retryOriginal(id) }])
}

export async function remove(original: OriginalView): Promise<void> {
  await removeOriginal(original.id)
  receive([{ type: 'removed', id: original.id }])
  say(words.remove.done(nameOf(original)))
}

const ready = new Map<string, string>()
const failed = new Map<string, { name: string; reason: string }>()
let timer: ReturnType<typeof setTimeout> | undefined

/** Says which pictures came to an end since, several at once in one sentence. */
function tellChanges(before: OriginalView[], after: OriginalView[]): void {
  const moving = new Map(before.filter(isMoving).map((original) => [original.id, original]))
  for (const original of after) {
    if (!moving.has(original.id) || isMoving(original)) continue
    if (original.state === 'ready') ready.set(original.id, nameOf(original))
    else failed.set(original.id, { name: nameOf(original), reason: reasonOf(original) })
  }
  if (ready.size + failed.size === 0 || timer !== undefined) return
  timer = setTimeout(() => {
    const [oneReady, oneFailed] = [[...ready.values()][0], [...failed.values()][0]]
    const sentences = []
    if (oneReady !== undefined)
      sentences.push(ready.size === 1 ? words.said.ready(oneReady) : words.said.readyMany(ready.size))
    if (oneFailed !== undefined)
      sentences.push(
        failed.size === 1 ? words.said.failed(oneFailed.name, oneFailed.reason) : words.said.failedMany(failed.size),
      )
    ready.clear()
    failed.clear()
    timer = undefined
    say(sentences.join(' '))
  }, SAY_AFTER_MS)
}

function reasonOf(original: OriginalView): string {
  const first = original.error ?? original.renditions.find((rendition) => rendition.error)?.error
  return first?.message ?? words.card.states.failed
}
