// The road over real folders with real decoders: what one original goes through from its first look to its removal.
import { rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import { ThumbsmithError } from '../../src/errors.ts'
import { stateOf } from '../../src/manifest.ts'
import { MARK } from '../../src/original.ts'
import { manifestKey, readManifest, writeManifest } from '../../src/state.ts'
import { readAll } from '../../src/storage/storage.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Laptop, openLaptop, removeLaptop } from './laptop.ts'

const YAML = `
presets:
  small: { width: 60, height: 60 }
  titled: { width: 320, height: 180, fit: contain, title: true }
rules:
  - name: uploads
    prefix: u/
    presets: [small, titled]
    notify: [log]
`
const opened: Laptop[] = []
const open = async (yaml = YAML, options = {}) => {
  const laptop = await openLaptop(yaml, options)
  opened.push(laptop)
  return laptop
}
const restart = async (laptop: Laptop, yaml?: string) => {
  opened.splice(opened.indexOf(laptop), 1)
  const next = await laptop.restart(yaml)
  opened.push(next)
  return next
}
afterEach(async () => {
  for (const laptop of opened.splice(0)) await removeLaptop(laptop)
})

const bytesOf = async (laptop: Laptop, key: string) => {
  const body = await laptop.stores.renditions.get(key)
  return Buffer.from(await readAll(body!.stream, 1e8))
}
/** Mean red, green and blue. */
const meanOf = async (laptop: Laptop, key: string) =>
  (await sharp(await bytesOf(laptop, key)).stats()).channels.map((channel) => Math.round(channel.mean))
const flat = (background: string, width = 200, height = 100) =>
  sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer()
const notifications = (laptop: Laptop) =>
  laptop.lines.filter((line) => line.fields.notification !== undefined).map((line) => line.fields.notification)

describe('an original', () => {
  it('gets every rendition of its rule, marked, listed in its manifest, and told of once', async () => {
    const laptop = await open()
    await laptop.put('u/a b+c,ü.jpg', await photo())
    await laptop.settle('u/a b+c,ü.jpg')
    const manifest = await laptop.manifest('u/a b+c,ü.jpg')
    expect(stateOf(manifest)).toBe('ready')
    expect(manifest.original.facts).toMatchObject({ format: 'jpeg', width: 640, height: 480, orientation: 1 })
    expect(await laptop.keys('renditions')).toEqual(['u/a b+c,ü.jpg/small.jpg', 'u/a b+c,ü.jpg/titled.jpg'])
    for (const { object } of Object.values(manifest.renditions)) {
      const head = await laptop.stores.renditions.head(object!.key)
      expect(head).toMatchObject({ etag: object!.etag, bytes: object!.bytes, contentType: 'image/jpeg' })
      expect(decodeURIComponent(head!.metadata[MARK]!)).toBe('u/a b+c,ü.jpg')
      expect(await sharp(await bytesOf(laptop, object!.key)).metadata()).toMatchObject({
        width: object!.width,
        height: object!.height,
      })
    }
    await laptop.settle('u/a b+c,ü.jpg', 'u/a b+c,ü.jpg')
    expect(notifications(laptop)).toHaveLength(1)
    expect((await laptop.manifest('u/a b+c,ü.jpg')).rendered.times).toBe(1)
  })

  it('is rendered from its newest bytes, and told of again', async () => {
    const laptop = await open()
    await laptop.put('u/a.jpg', await flat('#ff0000'))
    await laptop.settle('u/a.jpg')
    await laptop.put('u/a.jpg', await flat('#0000ff'))
    await laptop.settle('u/a.jpg')
    const [red, , blue] = await meanOf(laptop, 'u/a.jpg/small.jpg')
    expect({ red, blue }).toEqual({ red: 0, blue: 254 })
    expect(new Set(notifications(laptop)).size).toBe(2)
  })

  it('has its title from its metadata, and a later edit renders only what shows it', async () => {
    const laptop = await open()
    await laptop.put('u/a.jpg', await flat('#808080'), { text: '=?UTF-8?Q?T=C3=AFtle?=' })
    await laptop.settle('u/a.jpg')
    const before = await laptop.manifest('u/a.jpg')
    expect(before.original.title).toBe('Tïtle')
    await laptop.catalogue.edit('u/a.jpg', { title: 'Something else' })
    await laptop.settle()
    const after = await laptop.manifest('u/a.jpg')
    expect(after.renditions.small!.object!.etag).toBe(before.renditions.small!.object!.etag)
    expect(after.renditions.titled!.object!.etag).not.toBe(before.renditions.titled!.object!.etag)
    expect(stateOf(after)).toBe('ready')
    expect(notifications(laptop)).toHaveLength(1)
    await expect(laptop.catalogue.edit('u/a.jpg', { title: 'x', ifRevision: 0 })).rejects.toMatchObject({
      code: 'request.conflict',
    })
  })

  it('takes everything with it when it goes, and nothing else', async () => {
    const laptop = await open()
    for (const key of ['u/a.jpg', 'u/a.jpg2']) await laptop.put(key, await photo())
    await laptop.settle('u/a.jpg', 'u/a.jpg2')
    await laptop.catalogue.remove('u/a.jpg')
    await laptop.settle()
    expect(await laptop.keys('renditions')).toEqual(['u/a.jpg2/small.jpg', 'u/a.jpg2/titled.jpg'])
    await expect(laptop.manifest('u/a.jpg')).rejects.toThrow()
  })

  it('that is no picture fails with a reason, is not tried again, and does not leave an old picture standing for it', async () => {
    const laptop = await open()
    await laptop.put('u/a.jpg', await photo())
    await laptop.settle('u/a.jpg')
    await laptop.put('u/a.jpg', Buffer.from('Dear diary, this is no picture at all.'))
    await laptop.settle('u/a.jpg')
    const manifest = await laptop.manifest('u/a.jpg')
    expect(stateOf(manifest)).toBe('failed')
    expect(manifest.error).toMatchObject({ code: 'image.not_an_image' })
    expect(await laptop.keys('renditions')).toEqual([])
    await laptop.settle('u/a.jpg')
    expect((await laptop.manifest('u/a.jpg')).rendered.times).toBe(2)
    expect(laptop.lines.filter((line) => line.fields.outcome === 'failed')).toHaveLength(1)
  })

  it('that is rendered too often is refused, and no older picture stands for it', async () => {
    const laptop = await open(`${YAML}limits: { rendersPerDay: 1 }\n`)
    await laptop.put('u/a.jpg', await flat('#ff0000'))
    await laptop.settle('u/a.jpg')
    await laptop.put('u/a.jpg', await flat('#0000ff'))
    await laptop.settle('u/a.jpg')
    const manifest = await laptop.manifest('u/a.jpg')
    expect(manifest.renditions.small).toMatchObject({ state: 'failed', error: { code: 'rendition.too_often' } })
    expect(manifest.renditions.small!.object).toBeUndefined()
    expect(await laptop.keys('renditions')).toEqual([])
  })

  it('keeps the reason why it failed when a preset is taken from its rule', async () => {
    const quiet = YAML.replace('    notify: [log]\n', '')
    let laptop = await open(quiet)
    await laptop.put('u/a.jpg', await photo())
    await laptop.settle('u/a.jpg')
    const { manifest, etag } = (await readManifest(laptop.road.state, 'u/a.jpg'))!
    const error = { code: 'image.damaged' as const, message: 'It is damaged.' }
    const attempts = { deaths: 1, vanished: 2 }
    await writeManifest(laptop.road.state, { ...manifest, error, attempts }, etag)
    laptop = await restart(laptop, quiet.replace('[small, titled]', '[small]'))
    await laptop.sweep({ refresh: true })
    await laptop.settle()
    expect(await laptop.keys('renditions')).toEqual(['u/a.jpg/small.jpg'])
    expect(await laptop.manifest('u/a.jpg')).toMatchObject({ error, attempts })
  })

  it('is listed on a whole page, whatever else lies between', async () => {
    const laptop = await open(
      YAML.replace(
        'prefix: u/',
        'prefix: u/\n    except: [u/out/**]\n    to: originals\n    rendition: "u/out/{name}-{preset}.{format}"',
      ),
    )
    const keys = Array.from({ length: 7 }, (_, i) => `u/${i}.jpg`)
    for (const key of keys) await laptop.put(key, await photo())
    const { originals } = laptop.stores
    // Marked ones, and one that goes after it was listed.
    for (const i of [1, 2, 4])
      await originals.put(`u/${i}.jpg`, await photo(), { contentType: 'image/jpeg', metadata: { [MARK]: 'x' } })
    const seen: string[] = []
    for (let after: string | undefined, more = true; more; ) {
      const page = await laptop.catalogue.list({ owner: undefined, after, limit: 2 })
      seen.push(...page.map(({ head }) => head.key))
      more = page.length === 2
      after = page.at(-1)?.head.key
    }
    expect(seen).toEqual(['u/0.jpg', 'u/3.jpg', 'u/5.jpg', 'u/6.jpg'])
  })

  it('that may not be read fails by name, for good', async () => {
    const laptop = await open()
    await laptop.put('u/a.jpg', await photo())
    const { originals } = laptop.road.stores
    const get = () => Promise.reject(new ThumbsmithError('storage.denied', 'The file "u/a.jpg" may not be read.'))
    laptop.road.stores = { ...laptop.road.stores, originals: { ...originals, get } }
    await laptop.settle('u/a.jpg')
    const manifest = await laptop.manifest('u/a.jpg')
    expect(stateOf(manifest)).toBe('failed')
    expect(manifest.error).toEqual({ code: 'storage.denied', message: 'The file "u/a.jpg" may not be read.' })
  })

  it('of no bytes or too many is refused from its head', async () => {
    const laptop = await open(`${YAML}limits: { uploadMaxBytes: 1000 }\n`)
    await laptop.put('u/empty.jpg', Buffer.alloc(0))
    await laptop.put('u/big.jpg', Buffer.alloc(1001))
    await laptop.settle('u/empty.jpg', 'u/big.jpg')
    expect((await laptop.manifest('u/empty.jpg')).error?.code).toBe('image.empty')
    expect((await laptop.manifest('u/big.jpg')).error?.code).toBe('image.too_many_bytes')
  })
})

describe('what is not ours', () => {
  it('is never overwritten: the rendition fails and says what stands there', async () => {
    const laptop = await open()
    await laptop.stores.renditions.put('u/a.jpg/small.jpg', Buffer.from('precious'), { contentType: 'text/plain' })
    await laptop.put('u/a.jpg', await photo())
    await laptop.settle('u/a.jpg')
    const manifest = await laptop.manifest('u/a.jpg')
    expect(manifest.renditions.small).toMatchObject({ state: 'failed', error: { code: 'rendition.key_taken' } })
    expect(manifest.renditions.titled?.state).toBe('ready')
    expect(stateOf(manifest)).toBe('partial')
    expect((await bytesOf(laptop, 'u/a.jpg/small.jpg')).toString()).toBe('precious')
    await laptop.catalogue.remove('u/a.jpg')
    await laptop.settle()
    expect(await laptop.keys('renditions')).toEqual(['u/a.jpg/small.jpg'])
  })

  it('includes the renditions of another original that maps to the same key', async () => {
    const laptop = await open(
      YAML.replace('presets: [small, titled]', 'presets: [small]\n    rendition: "{dir}/{name}.{format}"'),
    )
    await laptop.put('u/a.jpg', await flat('#ff0000'))
    await laptop.put('u/a.png', await flat('#0000ff'))
    await laptop.settle('u/a.jpg')
    await laptop.settle('u/a.png')
    expect((await laptop.manifest('u/a.png')).renditions.small?.error?.code).toBe('rendition.key_taken')
    expect((await meanOf(laptop, 'u/a.jpg'))[0]).toBe(254)
  })
})

describe('the sweep', () => {
  it('finds originals nobody told of, renditions that were lost, and originals that are gone', async () => {
    const laptop = await open()
    for (const key of ['u/a.jpg', 'u/b.jpg', 'u/c.jpg']) await laptop.put(key, await photo())
    expect(await laptop.sweep()).toMatchObject({ originals: 3, enqueued: 3, removals: 0 })
    await laptop.settle()
    await laptop.stores.renditions.delete('u/a.jpg/small.jpg')
    await laptop.stores.originals.delete('u/b.jpg')
    expect(await laptop.sweep()).toMatchObject({ originals: 2, enqueued: 1, removals: 1 })
    await laptop.settle()
    expect(await laptop.keys('renditions')).toEqual([
      'u/a.jpg/small.jpg',
      'u/a.jpg/titled.jpg',
      'u/c.jpg/small.jpg',
      'u/c.jpg/titled.jpg',
    ])
    expect(await laptop.sweep()).toMatchObject({ enqueued: 0, removals: 0 })
  })

  it('removes nothing where very many originals are gone, until a person says so', async () => {
    const laptop = await open(YAML.replace('presets: [small, titled]', 'presets: [small]'))
    const keys = Array.from({ length: 14 }, (_, i) => `u/${i}.jpg`)
    const bytes = await flat('#123456')
    for (const key of keys) await laptop.put(key, bytes)
    await laptop.settle(...keys)
    for (const key of keys.slice(0, 12)) await laptop.stores.originals.delete(key)
    expect(await laptop.sweep()).toMatchObject({ removals: 12, stopped: true })
    await laptop.settle()
    expect(await laptop.keys('renditions')).toHaveLength(14)
    expect(await laptop.sweep({ removesAtMost: 1 })).toMatchObject({ removals: 12, stopped: false })
    await laptop.settle()
    expect(await laptop.keys('renditions')).toHaveLength(2)
  })

  it('goes on past a manifest that cannot be read, and says which', async () => {
    const laptop = await open()
    for (const key of ['u/a.jpg', 'u/b.jpg', 'u/c.jpg']) await laptop.put(key, await photo())
    await laptop.settle('u/a.jpg', 'u/b.jpg', 'u/c.jpg')
    await laptop.road.state.put(manifestKey('u/a.jpg'), Buffer.from('{ half'), { contentType: 'application/json' })
    await laptop.stores.renditions.delete('u/b.jpg/small.jpg')
    await laptop.stores.originals.delete('u/c.jpg')
    expect(await laptop.sweep()).toMatchObject({ enqueued: 1, removals: 1, unreadable: 2 })
    expect(
      laptop.lines.some(({ level, fields }) => level === 'error' && String(fields.detail).includes('u/a.jpg')),
    ).toBe(true)
    await laptop.settle()
    expect(await laptop.keys('renditions')).toContain('u/b.jpg/small.jpg')
    expect(
      (await laptop.catalogue.list({ owner: undefined, after: undefined, limit: 9 })).map(({ head, unreadable }) => [
        head.key,
        unreadable,
      ]),
    ).toEqual([
      ['u/a.jpg', true],
      ['u/b.jpg', undefined],
    ])
    // What people wrote into it is theirs: it is not overwritten.
    const body = await laptop.road.state.get(manifestKey('u/a.jpg'))
    expect(Buffer.from(await readAll(body!.stream, 100)).toString()).toBe('{ half')
  })

  it('does not take what may not be read for removed, and goes on past it', async () => {
    const laptop = await open()
    for (const key of ['u/a.jpg', 'u/b.jpg', 'u/c.jpg']) await laptop.put(key, await photo())
    await laptop.settle('u/a.jpg', 'u/b.jpg', 'u/c.jpg')
    await laptop.stores.originals.delete('u/c.jpg')
    const { originals } = laptop.road.stores
    laptop.road.stores = {
      ...laptop.road.stores,
      originals: {
        ...originals,
        head: (key) =>
          key === 'u/a.jpg' ? Promise.reject(new ThumbsmithError('storage.denied')) : originals.head(key),
        list: async (options) => (await originals.list(options)).filter(({ key }) => key !== 'u/a.jpg'),
      },
    }
    expect(await laptop.sweep()).toMatchObject({ originals: 1, removals: 1, unreadable: 1 })
    await laptop.settle('u/a.jpg')
    expect(await laptop.keys('renditions')).toEqual([
      'u/a.jpg/small.jpg',
      'u/a.jpg/titled.jpg',
      'u/b.jpg/small.jpg',
      'u/b.jpg/titled.jpg',
    ])
  })

  it('takes an unmounted originals folder for what it is', async () => {
    let laptop = await open()
    await laptop.put('u/a.jpg', await photo())
    await laptop.settle('u/a.jpg')
    await laptop.close()
    await rm(join(laptop.folder, 'originals'), { recursive: true })
    laptop = await restart(laptop)
    await laptop.sweep()
    await laptop.settle('u/a.jpg')
    expect(await laptop.keys('renditions')).toHaveLength(2)
    expect(laptop.lines.some((line) => line.level === 'error' && line.message.includes('unmounted'))).toBe(true)
  })

  it('marks a changed preset stale; a refresh renews it without another word to anybody', async () => {
    let laptop = await open()
    await laptop.put('u/a.jpg', await photo())
    await laptop.settle('u/a.jpg')
    laptop = await restart(laptop, YAML.replace('width: 60, height: 60', 'width: 50, height: 50'))
    await laptop.sweep()
    await laptop.settle()
    expect((await laptop.manifest('u/a.jpg')).renditions.small).toMatchObject({ stale: true, object: { width: 60 } })
    await laptop.sweep({ refresh: true })
    await laptop.settle()
    expect((await laptop.manifest('u/a.jpg')).renditions.small).toMatchObject({ stale: false, object: { width: 50 } })
    expect(notifications(laptop)).toEqual([])
  })

  it('tells nobody of originals that were old when it first saw them', async () => {
    const laptop = await open()
    await laptop.put('u/old.jpg', await photo())
    const lastWeek = new Date(Date.now() - 7 * 86_400_000)
    await utimes(join(laptop.folder, 'originals/u/old.jpg'), lastWeek, lastWeek)
    await laptop.sweep()
    await laptop.settle()
    expect(stateOf(await laptop.manifest('u/old.jpg'))).toBe('ready')
    expect(notifications(laptop)).toEqual([])
  })

  it('lets an original expire with all that was made from it', async () => {
    const laptop = await open(YAML.replace('notify: [log]', 'expireAfterDays: 3'))
    await laptop.put('u/a.jpg', await photo())
    await laptop.put('u/b.jpg', await photo())
    const lastWeek = new Date(Date.now() - 7 * 86_400_000)
    await utimes(join(laptop.folder, 'originals/u/a.jpg'), lastWeek, lastWeek)
    await laptop.sweep()
    await laptop.settle()
    // As old as it looks, it has only just arrived.
    expect(await laptop.keys('originals')).toEqual(['u/a.jpg', 'u/b.jpg'])
    const { manifest, etag } = (await readManifest(laptop.road.state, 'u/a.jpg'))!
    const original = { ...manifest.original, seen: lastWeek.toISOString() }
    await writeManifest(laptop.road.state, { ...manifest, original }, etag)
    await laptop.sweep()
    await laptop.settle()
    expect(await laptop.keys('originals')).toEqual(['u/b.jpg'])
    expect(await laptop.keys('renditions')).toEqual(['u/b.jpg/small.jpg', 'u/b.jpg/titled.jpg'])
    expect(laptop.lines).toContainEqual(
      expect.objectContaining({ level: 'info', fields: { key: 'u/a.jpg', expireAfterDays: 3 } }),
    )
  })
})

describe('a change while it is being rendered', () => {
  const POINTS = ['before the read', 'after the read', 'after the first rendition was stored'] as const

  it.each(POINTS)('%s ends with renditions of the newest bytes only', async (point) => {
    const laptop = await open()
    const newest = await flat('#0000ff')
    let once = true
    const overwrite = async () => {
      if (once) {
        once = false
        await laptop.put('u/a.jpg', newest)
      }
    }
    const { originals, renditions } = laptop.road.stores
    laptop.road.stores = {
      originals: {
        ...originals,
        async get(key, options) {
          if (point === 'before the read') await overwrite()
          const body = await originals.get(key, options)
          if (point === 'after the read') await overwrite()
          return body
        },
      },
      renditions: {
        ...renditions,
        async put(key, bytes, options) {
          const head = await renditions.put(key, bytes, options)
          if (point === 'after the first rendition was stored') await overwrite()
          return head
        },
      },
    }
    await laptop.put('u/a.jpg', await flat('#ff0000'))
    await laptop.settle('u/a.jpg')
    expect(once).toBe(false)
    expect(stateOf(await laptop.manifest('u/a.jpg'))).toBe('ready')
    for (const preset of ['small', 'titled']) expect((await meanOf(laptop, `u/a.jpg/${preset}.jpg`))[0]).toBeLessThan(3)
  })

  it('of the title is rendered too', async () => {
    const laptop = await open()
    const { originals } = laptop.road.stores
    let edited = false
    laptop.road.stores = {
      ...laptop.road.stores,
      originals: {
        ...originals,
        async get(key, options) {
          if (!edited) {
            edited = true
            await laptop.catalogue.edit(key, { title: 'Late' })
          }
          return originals.get(key, options)
        },
      },
    }
    await laptop.put('u/a.jpg', await flat('#808080'))
    await laptop.settle('u/a.jpg')
    const manifest = await laptop.manifest('u/a.jpg')
    expect(stateOf(manifest)).toBe('ready')
    const untitled = await open()
    await untitled.put('u/a.jpg', await flat('#808080'))
    await untitled.settle('u/a.jpg')
    expect(await bytesOf(laptop, 'u/a.jpg/titled.jpg')).not.toEqual(await bytesOf(untitled, 'u/a.jpg/titled.jpg'))
    expect(await bytesOf(laptop, 'u/a.jpg/small.jpg')).toEqual(await bytesOf(untitled, 'u/a.jpg/small.jpg'))
  })

  it('that removes it leaves nothing behind', async () => {
    const laptop = await open()
    const { renditions } = laptop.road.stores
    laptop.road.stores = {
      ...laptop.road.stores,
      renditions: {
        ...renditions,
        async put(key, bytes, options) {
          await laptop.stores.originals.delete('u/a.jpg')
          return renditions.put(key, bytes, options)
        },
      },
    }
    await laptop.put('u/a.jpg', await photo())
    await laptop.settle('u/a.jpg')
    expect(await laptop.keys('renditions')).toEqual([])
    await expect(laptop.manifest('u/a.jpg')).rejects.toThrow()
  })
})

describe('an outage', () => {
  it('of the store costs the original no attempt', async () => {
    const laptop = await open()
    const { renditions } = laptop.road.stores
    let away = true
    laptop.road.stores = {
      ...laptop.road.stores,
      renditions: {
        ...renditions,
        async put(key, bytes, options) {
          if (away) throw Object.assign(new Error('connection reset'), { code: 'ECONNRESET' })
          return renditions.put(key, bytes, options)
        },
      },
    }
    await laptop.put('u/a.jpg', await photo())
    await laptop.queue.enqueue({ key: 'u/a.jpg' })
    // While it waits to be tried again, nobody renders it, and it does not say so.
    const state = async () => laptop.manifest('u/a.jpg').then(stateOf, () => 'not looked at')
    await expect.poll(state, { timeout: 10_000 }).toBe('queued')
    away = false
    await laptop.settle()
    const manifest = await laptop.manifest('u/a.jpg')
    expect(stateOf(manifest)).toBe('ready')
    expect(manifest.attempts).toEqual({ deaths: 0, vanished: 0 })
  })

  it('of a notifier leaves the word owed, and the sweep sends it', async () => {
    const laptop = await open()
    const info = laptop.road.log.info
    laptop.road.log.info = () => {
      throw new Error('the disk of the log is full')
    }
    await laptop.put('u/a.jpg', await photo())
    await laptop.settle('u/a.jpg')
    await expect
      .poll(async () => (await laptop.manifest('u/a.jpg')).owed)
      .toMatchObject([{ notifier: 'log', tries: 1, outcome: 'ready' }])
    laptop.road.log.info = info
    const { manifest, etag } = (await readManifest(laptop.road.state, 'u/a.jpg'))!
    await writeManifest(
      laptop.road.state,
      { ...manifest, owed: manifest.owed.map((owed) => ({ ...owed, notBefore: owed.at })) },
      etag,
    )
    await laptop.sweep()
    await expect.poll(() => notifications(laptop)).toHaveLength(1)
    await expect.poll(async () => (await laptop.manifest('u/a.jpg')).owed).toEqual([])
  })
})
