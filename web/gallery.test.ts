// The list of originals when the server cannot be had for a while: an answer that nothing changed ends that as any other does.
import { afterEach, expect, it, vi } from 'vitest'
import { openGallery, refresh } from './gallery.ts'
import { store } from './store.ts'

afterEach(() => void vi.unstubAllGlobals())

it('is shown again when the server is back with nothing new', async () => {
  let isAway = false
  let told304 = 0
  vi.stubGlobal('fetch', async (url: string, { headers }: RequestInit) => {
    if (isAway) throw new TypeError('Failed to fetch')
    if (url.endsWith('/v1/about')) return Response.json({ upload: { offered: true }, presets: [] })
    if (new Headers(headers).get('if-none-match') !== '"1"')
      return Response.json({ originals: [] }, { headers: { etag: '"1"' } })
    told304++
    return new Response(null, { status: 304 })
  })
  await openGallery()
  expect(store.get()).toMatchObject({ list: 'ready', about: { upload: { offered: true } } })
  isAway = true
  await openGallery()
  expect(store.get().list).toBe('failed')
  isAway = false
  expect(await refresh()).toBe(false)
  expect(told304).toBe(1)
  expect(store.get()).toMatchObject({ list: 'ready', listProblem: undefined })
})
