// The multi-size-email example as its README tells it: three sizes in three folders of a second store, and one message per upload.
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { photo, picture } from '../../test/fixtures/pictures.ts'
import { type ExampleHome, openExampleHome, type TestStore } from '../../test/hosts/example-home.ts'
import { until } from '../../test/hosts/harness.ts'

let home: ExampleHome
let originals: TestStore
let renditions: TestStore

beforeAll(async () => {
  home = await openExampleHome({
    config: 'examples/multi-size-email/thumbsmith.yaml',
    env: { THUMBSMITH_SWEEP_SECONDS: '1', THUMBSMITH_LOG_LEVEL: 'debug' },
  })
  ;({ originals, renditions } = home)
})
afterAll(() => home?.close())

const messagesAbout = (key: string) => home.log.filter((line) => line.notification !== undefined && line.key === key)
const sizeOf = async (key: string) => {
  const { width, height, format } = await sharp(await renditions.get(key)).metadata()
  return { width, height, format }
}

describe('multi-size-email', () => {
  it('gives three sizes in three folders of the other store, in the aspect ratio of the original', async () => {
    const { id, key } = await home.upload(await photo({ width: 2000, height: 1500 }), { filename: 'harbour.jpg' })
    expect(await home.settled(id)).toMatchObject({ state: 'ready' })
    const below = key.slice('uploads/'.length)
    expect(await renditions.keys()).toEqual([`large/${below}`, `medium/${below}`, `thumbnails/${below}`])
    expect(await originals.keys()).toEqual([key])
    expect(await sizeOf(`thumbnails/${below}`)).toEqual({ width: 128, height: 96, format: 'jpeg' })
    expect(await sizeOf(`medium/${below}`)).toEqual({ width: 512, height: 384, format: 'jpeg' })
    expect(await sizeOf(`large/${below}`)).toEqual({ width: 1024, height: 768, format: 'jpeg' })
  })

  it('keeps the folders below uploads/, or none', async () => {
    await originals.put('uploads/2026/july/tower.png', await picture({ width: 300, height: 1200 }).png().toBuffer())
    await originals.put('uploads/flat.jpg', await photo())
    await originals.put('elsewhere/no.jpg', await photo())
    await until('both are rendered', async () => (await renditions.keys()).length === 9 || undefined)
    expect(await sizeOf('large/2026/july/tower.png')).toEqual({ width: 256, height: 1024, format: 'png' })
    expect(await sizeOf('medium/flat.jpg')).toEqual({ width: 512, height: 384, format: 'jpeg' })
  })

  it('sends one message about each upload, and no second one after sweeps and a restart', async () => {
    const { id, key } = await home.upload(await photo({ seed: 2 }), { filename: 'once.jpg' })
    await home.settled(id)
    const [message] = await until('the message is there', async () => {
      const found = messagesAbout(key)
      return found.length ? found : undefined
    })
    expect(message).toMatchObject({ outcome: 'ready', message: 'once.jpg: 3 renditions are ready' })
    const below = key.slice('uploads/'.length)
    expect(message!.text).toMatch(new RegExp(`^Original: ${key} \\(\\d+ bytes\\)\n`))
    expect(message!.text).toContain(`- medium: medium/${below} (512 x 384, `)
    await home.sweeps(2)
    await home.stop()
    await home.start()
    await home.sweeps(2)
    expect(messagesAbout(key)).toHaveLength(1)
  })

  it('says so in one message when a picture cannot be rendered', async () => {
    const { id, key } = await home.upload(Buffer.from('this is no picture'), { filename: 'broken.jpg' })
    expect(await home.settled(id)).toMatchObject({ state: 'failed', error: { code: 'image.not_an_image' } })
    await until('the message is there', async () => messagesAbout(key).length > 0 || undefined)
    await home.sweeps(2)
    expect(messagesAbout(key)).toMatchObject([{ outcome: 'failed', message: 'broken.jpg: could not be rendered' }])
  })
})
