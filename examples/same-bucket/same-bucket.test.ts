// The same-bucket example as its README tells it: thumbnails in the store of the originals, and never of its own output.
import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { idOfKey } from '../../src/original.ts'
import { photo, picture } from '../../test/fixtures/pictures.ts'
import { type ExampleHome, openExampleHome, type TestStore } from '../../test/hosts/example-home.ts'
import { until } from '../../test/hosts/harness.ts'

describe.each([
  ['with its state in a second store', false],
  ['with one store for everything', true],
])('same-bucket, %s', (_, oneStore) => {
  let home: ExampleHome
  let bucket: TestStore

  beforeAll(async () => {
    home = await openExampleHome({
      config: 'examples/same-bucket/thumbsmith.yaml',
      oneStore,
      env: { THUMBSMITH_SWEEP_SECONDS: '1', THUMBSMITH_LOG_LEVEL: 'debug' },
    })
    bucket = home.originals
  })
  afterAll(() => home?.close())

  const drop = (key: string, bytes: Uint8Array) => bucket.put(key, bytes)
  const thumbnailOf = (key: string) =>
    until(`${key} has a thumbnail`, async () => {
      if (!(await bucket.keys()).includes(`thumbnails/${key}`)) return undefined
      return bucket.get(`thumbnails/${key}`)
    })

  it('gives a picture dropped anywhere a thumbnail of 128 x 128', async () => {
    await drop('cat.jpg', await photo())
    await drop('2026/summer/a b+c,ü.jpg', await photo({ width: 200, height: 900, seed: 2 }))
    await drop('2026/%41 100%.png', await picture({ seed: 3 }).png().toBuffer())
    for (const key of ['cat.jpg', '2026/summer/a b+c,ü.jpg', '2026/%41 100%.png'])
      expect(await sharp(await thumbnailOf(key)).metadata()).toMatchObject({
        format: key.endsWith('png') ? 'png' : 'jpeg',
        width: 128,
        height: 128,
      })
  })

  it('gives an upload one too', async () => {
    const { id, key } = await home.upload(await photo(), { filename: 'dog & friend.jpg' })
    expect(await home.settled(id)).toMatchObject({ state: 'ready', filename: 'dog & friend.jpg' })
    expect(await bucket.keys()).toContain(`thumbnails/${key}`)
  })

  it('replaces the thumbnail when the picture is replaced', async () => {
    await drop('news.jpg', await photo({ seed: 4 }))
    const first = await thumbnailOf('news.jpg')
    await drop('news.jpg', await photo({ seed: 5 }))
    const second = await until('it is another', async () => {
      const now = await thumbnailOf('news.jpg')
      return now.equals(first) ? undefined : now
    })
    const [before, after] = await Promise.all([first, second].map((bytes) => sharp(bytes).stats()))
    expect(before!.channels.map(({ mean }) => mean)).not.toEqual(after!.channels.map(({ mean }) => mean))
    expect((await bucket.keys()).filter((key) => key.includes('news'))).toEqual(['news.jpg', 'thumbnails/news.jpg'])
  })

  it('makes no thumbnails of thumbnails, however often it looks', async () => {
    // What somebody else puts there is left alone just so.
    await drop('thumbnails/by-hand.jpg', await photo())
    await home.sweeps(1)
    const settled = await bucket.keys()
    expect(settled).toHaveLength(11)
    const swept = await home.sweeps(2)
    expect(swept.map(({ originals, enqueued }) => [originals, enqueued])).toEqual([
      [5, 0],
      [5, 0],
    ])
    expect(await bucket.keys()).toEqual(settled)
    await home.stop()
    await home.start()
    await home.sweeps(1)
    expect(await bucket.keys()).toEqual(settled)
  })

  it('never overwrites what somebody else put in the place of a thumbnail', async () => {
    const theirs = await photo({ seed: 6 })
    await drop('thumbnails/poster.jpg', theirs)
    await drop('poster.jpg', await photo({ seed: 7 }))
    const { error } = await until('it is refused', async () => {
      const [rendition] = (await home.read(idOfKey('poster.jpg'))).renditions
      return rendition?.state === 'failed' ? rendition : undefined
    })
    expect(error).toMatchObject({ code: 'rendition.key_taken' })
    expect(await bucket.get('thumbnails/poster.jpg')).toEqual(theirs)
  })

  it('removes the thumbnail with the picture', async () => {
    await bucket.remove('cat.jpg')
    await until('its thumbnail is gone', async () => !(await bucket.keys()).includes('thumbnails/cat.jpg') || undefined)
    expect(await bucket.keys()).toContain('thumbnails/news.jpg')
  })
})

it('refuses to start without the exception that keeps thumbnails apart', () => {
  const text = readFileSync('examples/same-bucket/thumbsmith.yaml', 'utf8').replace(/ +except: .*\n/, '')
  expect(() => parseConfig(text, 'same-bucket.yaml', {})).toThrow(
    /same-bucket\.yaml:\d+: .*"thumbnails\/\{dir\}\/\{name\}\.\{ext\}" could be taken for originals by rule "everything" \(match "\*\*".*: for example "thumbnails\//,
  )
})
