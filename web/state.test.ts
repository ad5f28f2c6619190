// The list keeps its order and its truth, whatever arrives in which order.
import { describe, expect, it, vi } from 'vitest'
import type { About, OriginalView, RenditionView } from '../src/http/schemas.ts'
import { appendPage, applyEvents, createStore, isMoving, leadOf, namedPresets, nameOf, refreshHead } from './state.ts'

function original(id: string, minute: number, change: Partial<OriginalView> = {}): OriginalView {
  // As in a ticket: the later, the lower.
  const key = `uploads/local/${String(99 - minute).padStart(2, '0')}/${id}.jpg`
  return {
    id,
    key,
    filename: `${id}.jpg`,
    owner: 'local',
    state: 'ready',
    title: '',
    revision: 0,
    bytes: 1000,
    uploadedAt: '2026-01-01T12:00:00.000Z',
    renditions: [],
    ...change,
  }
}

const ids = (originals: OriginalView[]) => originals.map(({ id }) => id).join('')
const list = [original('c', 3), original('b', 2), original('a', 1)]
const changed = (one: OriginalView) => ({ type: 'original' as const, original: one })

describe('namedPresets', () => {
  it('names one preset once, however many formats it makes', () => {
    const preset = (name: string) => ({ name, title: false, preset: {} })
    const about = { presets: ['list', 'list.avif', 'list.webp', 'wide'].map(preset) } as unknown as About
    expect(namedPresets(about).map(({ name }) => name)).toEqual(['list', 'wide'])
    expect(namedPresets(undefined)).toEqual([])
  })
})

describe('applyEvents', () => {
  it('replaces a known original where it stands', () => {
    const after = applyEvents(list, [changed(original('b', 2, { title: 'New' }))], undefined)
    expect(ids(after)).toBe('cba')
    expect(after[1]?.title).toBe('New')
    expect(list[1]?.title).toBe('')
  })

  it('puts a new one where the server would list it', () => {
    expect(ids(applyEvents(list, [changed(original('d', 9))], 'more'))).toBe('dcba')
    expect(ids(applyEvents(list, [changed(original('x', 2))], 'more'))).toBe('cbxa')
  })

  it('leaves one that stands behind all to its own page', () => {
    expect(ids(applyEvents(list, [changed(original('x', 0))], 'more'))).toBe('cba')
    expect(ids(applyEvents(list, [changed(original('x', 0))], undefined))).toBe('cbax')
  })

  it('removes, and takes no harm from what is gone already', () => {
    expect(ids(applyEvents(list, [{ type: 'removed', id: 'b' }], undefined))).toBe('ca')
    expect(ids(applyEvents(list, [{ type: 'removed', id: 'nobody' }], undefined))).toBe('cba')
  })

  it('takes events in their order', () => {
    const events = [changed(original('d', 9)), { type: 'removed' as const, id: 'd' }]
    expect(ids(applyEvents(list, events, undefined))).toBe('cba')
  })
})

describe('pages', () => {
  it('appendPage shows nothing twice', () => {
    expect(ids(appendPage(list, { originals: [original('a', 1), original('z', 0)] }))).toBe('cbaz')
  })

  it('refreshHead believes a page that is the whole list', () => {
    const after = refreshHead({ originals: list, next: undefined }, { originals: [original('c', 3)] })
    expect(ids(after.originals)).toBe('c')
    expect(after.next).toBeUndefined()
  })

  it('refreshHead keeps what was loaded behind the page, and where it goes on', () => {
    const page = { originals: [original('d', 4), original('b', 2)], next: 'b' }
    const after = refreshHead({ originals: list, next: 'a' }, page)
    expect(ids(after.originals)).toBe('dba')
    expect(after.next).toBe('a')
  })

  it('refreshHead begins anew where the page no longer reaches what was loaded', () => {
    const page = { originals: [original('f', 6), original('e', 5)], next: 'e' }
    const after = refreshHead({ originals: list, next: 'a' }, page)
    expect(ids(after.originals)).toBe('fe')
    expect(after.next).toBe('e')
  })
})

const rendition = (preset: string, width?: number): RenditionView => ({
  preset,
  state: width === undefined ? 'queued' : 'ready',
  stale: false,
  ...(width !== undefined && { width, url: `/blob/${preset}` }),
})

describe('leadOf', () => {
  it('is the first that fills a card', () => {
    expect(leadOf([rendition('s', 128), rendition('m', 720), rendition('l', 1280)])?.preset).toBe('m')
    expect(leadOf([rendition('l', 1280), rendition('m', 720)])?.preset).toBe('l')
  })

  it('is the widest where none does, and nothing before one is there', () => {
    expect(leadOf([rendition('s', 128), rendition('m', 512), rendition('queued')])?.preset).toBe('m')
    expect(leadOf([rendition('queued')])).toBeUndefined()
  })
})

it('isMoving while something will still come', () => {
  expect((['queued', 'rendering'] as const).every((state) => isMoving(original('a', 1, { state })))).toBe(true)
  expect((['ready', 'partial', 'failed'] as const).some((state) => isMoving(original('a', 1, { state })))).toBe(false)
})

it('nameOf prefers the title', () => {
  expect(nameOf(original('a', 1, { title: 'Dawn' }))).toBe('Dawn')
  expect(nameOf(original('a', 1))).toBe('a.jpg')
})

it('a store tells its listeners until they leave', () => {
  const store = createStore({ count: 0, name: 'x' })
  const listener = vi.fn()
  const stop = store.subscribe(listener)
  store.set({ count: 1 })
  store.set(({ count }) => ({ count: count + 1 }))
  stop()
  store.set({ count: 9 })
  expect(listener).toHaveBeenCalledTimes(2)
  expect(store.get()).toEqual({ count: 9, name: 'x' })
})
