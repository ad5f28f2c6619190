// Names and etags of what clients are shown.
import { expect, it } from 'vitest'
import type { Entry } from '../catalogue.ts'
import { etagOf, filenameOf, renditionFilename } from './views.ts'

const entry = (etag: string): Entry => ({
  head: { key: 'a/b.jpg', etag, bytes: 1, contentType: 'image/jpeg', modified: new Date(0), metadata: {} },
  owner: 'alice',
  presets: ['small'],
  manifest: undefined,
})

it('an etag holds for half the life of a link, and for one version', () => {
  const at = (seconds: number) => etagOf([entry('1')], 600, new Date(seconds * 1000))
  expect(at(299)).toBe(at(0))
  expect(at(300)).not.toBe(at(0))
  expect(etagOf([entry('2')], 600, new Date(0))).not.toBe(at(0))
  expect(etagOf([{ ...entry('1'), presets: [] }], 600, new Date(0))).not.toBe(at(0))
  expect(etagOf([], 600, new Date(0))).not.toBe(at(0))
})

it('a rendition is saved under its original, its preset and its own format', () => {
  const object = { format: 'webp' } as Parameters<typeof renditionFilename>[2]
  expect(renditionFilename('a/b.c.jpg', 'small', object)).toBe('b.c-small.webp')
  expect(renditionFilename('a/.hidden', 'small', object)).toBe('.hidden-small.webp')
  expect(filenameOf('a/')).toBe('a/')
})
