// Names, links and etags of what clients are shown.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Entry } from '../catalogue.ts'
import { fsStorage } from '../storage/fs.ts'
import { etagOf, filenameOf, linker, renditionFilename } from './views.ts'

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

it('a link to other bytes is another link, in the same second, too', async () => {
  const root = await mkdtemp(join(tmpdir(), 'thumbsmith-views-'))
  const store = await fsStorage({ root, name: 'renditions', secret: new Uint8Array(32), now: () => 0 })
  try {
    const { link } = linker({ originals: store, renditions: store }, 60)
    const linkTo = (fingerprint: string, type: 'inline' | 'attachment') =>
      link('', { store: 'renditions', key: 'a.jpg', fingerprint } as Parameters<typeof link>[1], type, 'a.jpg')
    for (const type of ['inline', 'attachment'] as const) {
      expect(await linkTo('1', type)).toBe(await linkTo('1', type))
      expect(await linkTo('2', type)).not.toBe(await linkTo('1', type))
    }
  } finally {
    await store.close()
    await rm(root, { recursive: true })
  }
})

it('a rendition is saved under its original, its preset and its own format', () => {
  const object = { format: 'webp' } as Parameters<typeof renditionFilename>[2]
  expect(renditionFilename('a/b.c.jpg', 'small', object)).toBe('b.c-small.webp')
  expect(renditionFilename('a/.hidden', 'small', object)).toBe('.hidden-small.webp')
  expect(filenameOf('a/')).toBe('a/')
})
