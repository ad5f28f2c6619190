// Sizes of real renditions: every fit, padding, what `cover` keeps, and pictures of one pixel or one row.
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

describe('sizes', () => {
  test.each<[string, PresetInput, [number, number]]>([
    ['inside a box', { width: 300, height: 300 }, [300, 225]],
    ['inside, one side', { height: 90 }, [120, 90]],
    ['inside, never enlarged', { width: 5000 }, [1200, 900]],
    ['inside, enlarged when told', { width: 2400, enlarge: true }, [2400, 1800]],
    ['contain', { width: 1280, height: 720, fit: 'contain' }, [1280, 720]],
    ['contain with a blurred copy', { width: 300, height: 300, fit: 'contain', background: 'blur' }, [300, 300]],
    ['cover', { width: 300, height: 300, fit: 'cover' }, [300, 300]],
    ['cover by attention', { width: 300, height: 500, fit: 'cover', position: 'attention' }, [300, 500]],
    ['cover, never enlarged', { width: 2400, height: 2400, fit: 'cover' }, [900, 900]],
    ['cover, enlarged when told', { width: 2400, height: 300, fit: 'cover', enlarge: true }, [2400, 300]],
    ['fill', { width: 300, height: 300, fit: 'fill' }, [300, 300]],
  ])('%s', async (_, preset, size) => {
    const rendered = await renderOne(photo, preset)
    const decoded = await sharp(rendered.bytes).metadata()
    expect([rendered.width, rendered.height]).toEqual(size)
    expect([decoded.width, decoded.height, decoded.format]).toEqual([...size, 'jpeg'])
  })

  test('a picture of one pixel', async () => {
    const dot = await pictures.picture({ width: 1, height: 1 }).png().toBuffer()
    for (const fit of ['inside', 'contain', 'cover', 'fill'] as const) {
      const rendered = await renderOne(dot, { width: 40, height: 30, fit })
      expect(rendered.width).toBe(fit === 'contain' ? 40 : 1)
    }
  })

  test('a picture that is all width', async () => {
    const strip = await pictures.picture({ width: 6000, height: 2 }).jpeg().toBuffer()
    expect(await renderOne(strip, { width: 128, height: 128 })).toMatchObject({ width: 128, height: 1 })
    expect(await renderOne(strip, { width: 64, height: 64, fit: 'cover', enlarge: true })).toMatchObject({
      width: 64,
      height: 64,
    })
    expect(await renderOne(strip, { width: 64, height: 64, fit: 'contain', background: 'blur' })).toMatchObject({
      width: 64,
      height: 64,
    })
  })

  test('many renditions from one decode are what each alone is', async () => {
    const presets = { large: { width: 1024, format: 'png' }, small: { width: 128, format: 'png' } } as const
    const { renditions } = await render({ bytes: photo, presets })
    const large = renditions.large as { rendered: Rendered }
    const alone = await renderOne(photo, presets.large)
    expect(Buffer.compare(large.rendered.bytes, alone.bytes)).toBe(0)
    const small = await pixels((renditions.small as { rendered: Rendered }).rendered)
    const exact = await sharp(photo).resize(128).raw().toBuffer()
    const difference = small.data.reduce((sum, value, index) => sum + Math.abs(value - exact[index]!), 0) / exact.length
    expect(difference).toBeLessThan(4)
  })
})

describe('contain and cover', () => {
  test('pads with the colour, a blurred copy or nothing', async () => {
    const box = { width: 200, height: 200, fit: 'contain', format: 'png' } as const
    expectNear(
      (await pixels(await renderOne(photo, { ...box, background: '#123456' }))).at(0.5, 0),
      [0x12, 0x34, 0x56],
      0,
    )
    expect((await pixels(await renderOne(photo, { ...box, background: 'transparent' }))).at(0.5, 0)).toEqual([
      0, 0, 0, 0,
    ])
    const blurred = (await pixels(await renderOne(photo, { ...box, background: 'blur' }))).at(0.5, 0)
    expect(Math.max(...blurred)).toBeGreaterThan(20)
  })

  test('keeps the part at the position, the focus or the subject', async () => {
    const { QUADRANTS } = pictures
    const bytes = await pictures.turned(1)
    const box = { width: 20, height: 20, fit: 'cover', format: 'png' } as const
    expectNear((await pixels(await renderOne(bytes, { ...box, position: 'left' }))).at(0.1, 0.1), QUADRANTS.topLeft)
    expectNear(
      (await pixels(await renderOne(bytes, { ...box, position: 'bottom-right' }))).at(0.9, 0.9),
      QUADRANTS.bottomRight,
    )
    const focused = await pixels(await renderOne(bytes, { ...box, position: 'attention' }, { focus: { x: 1, y: 0 } }))
    expectNear(focused.at(0.9, 0.1), QUADRANTS.topRight)
    const lonely = await sharp({ create: { width: 900, height: 300, channels: 3, background: '#778' } })
      .composite([{ input: await pictures.disc(200).png().toBuffer(), left: 650, top: 50 }])
      .jpeg()
      .toBuffer()
    expectNear(
      (
        await pixels(
          await renderOne(lonely, { width: 100, height: 100, fit: 'cover', position: 'attention', format: 'png' }),
        )
      ).at(0.5, 0.5),
      [250, 120, 20],
      30,
    )
  })
})
