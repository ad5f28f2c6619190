// Watermarks in real renditions: where they stand, how strong, on which pictures.
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import * as pictures from '../../test/fixtures/pictures.ts'
import { expectNear, type PresetInput, pixels, renderOne } from '../../test/fixtures/renditions.ts'
import { render } from './render.ts'
import type { Rendered } from './renderer.ts'

let photo: Buffer
beforeAll(async () => {
  photo = await pictures.photo({ width: 1200, height: 900 })
})

describe('watermark', () => {
  const red = async (alpha: number) => {
    const flat = sharp({ create: { width: 300, height: 60, channels: 4, background: { r: 255, g: 0, b: 0, alpha } } })
    return `data:image/png;base64,${(await flat.png().toBuffer()).toString('base64')}`
  }
  const grey = () => sharp({ create: { width: 800, height: 400, channels: 3, background: '#808080' } })

  test('stands where it is put, in its size, as strong as asked, and nowhere else', async () => {
    const bytes = await grey().jpeg().toBuffer()
    const at = async (watermark: PresetInput['watermark']) =>
      (await pixels(await renderOne(bytes, { width: 400, format: 'png', watermark }))).at
    const plain = await at({ image: await red(1) })
    // A fifth of 388 pixels wide, 6 pixels off the edge.
    expect([plain(0.97, 0.95), plain(0.81, 0.95)]).toEqual([
      [255, 0, 0],
      [255, 0, 0],
    ])
    expectNear(plain(0.77, 0.95), [128, 128, 128], 1)
    expectNear(plain(0.995, 0.95), [128, 128, 128], 1)
    const half = await at({ image: await red(1), opacity: 0.5, position: 'top-left', size: 0.5 })
    expectNear(half(0.4, 0.1), [192, 64, 64], 2)
    expectNear(half(0.6, 0.1), [128, 128, 128], 1)
    expectNear((await at({ image: await red(0.25), position: 'center' }))(0.5, 0.5), [160, 96, 96], 2)
  })

  test('on every frame, on transparency, and on none of its siblings', async () => {
    const watermark = { image: await red(1), position: 'center' } as const
    const moving = await renderOne(await pictures.animation(3), {
      width: 96,
      format: 'webp',
      animation: true,
      watermark,
    })
    for (const page of [0, 1, 2])
      expectNear(
        [
          ...(await sharp(moving.bytes, { page })
            .extract({ left: 48, top: 32, width: 1, height: 1 })
            .removeAlpha()
            .raw()
            .toBuffer()),
        ],
        [255, 0, 0],
        40,
      )
    const ghost = sharp({ create: { width: 200, height: 200, channels: 4, background: '#0000' } })
    const laid = await pixels(await renderOne(await ghost.png().toBuffer(), { width: 100, format: 'png', watermark }))
    expect([laid.at(0.5, 0.5), laid.at(0, 0)[3]]).toEqual([[255, 0, 0, 255], 0])
    const presets = { marked: { width: 100, format: 'png', watermark }, plain: { width: 100, format: 'png' } } as const
    const { renditions } = await render({ bytes: await grey().png().toBuffer(), presets })
    expect((await pixels((renditions.plain as { rendered: Rendered }).rendered)).at(0.5, 0.5)).toEqual([128, 128, 128])
  })

  test('that is no picture fails its own rendition only', async () => {
    const presets = { bad: { width: 64, watermark: { image: 'data:;base64,AAAA' } }, good: { width: 64 } }
    const { renditions } = await render({ bytes: photo, presets })
    expect(renditions.bad).toMatchObject({ failure: { code: 'image.cannot_be_rendered' } })
    expect(renditions.good).toHaveProperty('rendered')
  })
})
