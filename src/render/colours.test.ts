// Colours of real renditions: spaces, profiles kept and converted, and that nothing else of the original leaves with them.
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import * as pictures from '../../test/fixtures/pictures.ts'
import { expectNear, pixels, renderOne } from '../../test/fixtures/renditions.ts'
import { OUTPUT_FORMATS } from '../preset-words.ts'
import { readCopyright } from './exif.ts'
import { render } from './render.ts'
import type { Rendered } from './renderer.ts'

describe('colour and metadata', () => {
  test.each(['srgb', 'p3', 'cmyk'] as const)('%s comes out as the sRGB colour that it stands for', async (space) => {
    const colour = { r: 200, g: 90, b: 60 }
    const bytes = await pictures.coloured(colour, space)
    const { at } = await pixels(await renderOne(bytes, { width: 100, format: 'png' }))
    // Ink cannot hold every colour: there, what libvips makes of the whole picture is the truth.
    const converted = await sharp(bytes).toColourspace('srgb').raw().toBuffer()
    expectNear(at(0.5, 0.5), [...converted.subarray(0, 3)], 2)
    if (space !== 'cmyk') expectNear(at(0.5, 0.5), Object.values(colour), 3)
  })

  test.each(OUTPUT_FORMATS)('%s carries nothing of the original but its copyright notice', async (format) => {
    const bytes = await pictures.tattling()
    const input = await sharp(bytes).metadata()
    expect(input.exif?.includes('A. Person')).toBe(true)
    expect(input.xmp).toBeDefined()
    const rendered = await renderOne(bytes, { width: 200, format })
    const output = await sharp(rendered.bytes).metadata()
    expect([output.xmp, output.iptc, output.orientation ?? 1]).toEqual([undefined, undefined, 1])
    expect(output.exif && readCopyright(output.exif)).toBe(format === 'gif' ? undefined : '(c) Studio')
    for (const word of ['A. Person', '0123456789', 'xpacket', 'GPS'])
      expect(Buffer.from(rendered.bytes).includes(word)).toBe(false)
  })

  test('16 bits a channel become 8', async () => {
    const { info } = await pixels(await renderOne(await pictures.deepPng(), { width: 32, format: 'png' }))
    expect(info).toMatchObject({ width: 32, height: 24, channels: 3, depth: 'uchar' })
  })

  test('a grey picture stays grey', async () => {
    const grey = await pictures.picture().greyscale().toColourspace('b-w').png().toBuffer()
    const [r, g, b] = (await pixels(await renderOne(grey, { width: 64, format: 'png' }))).at(0.3, 0.9)
    expect([r, b]).toEqual([g, g])
  })
})

describe('profiles', () => {
  const colour = { r: 90, g: 190, b: 110 }

  test.each(['jpeg', 'png', 'webp', 'avif'] as const)(
    '%s keeps Display P3 where asked, its numbers untouched',
    async (format) => {
      const bytes = await pictures.coloured(colour, 'p3')
      const before = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer()
      const kept = await renderOne(bytes, { width: 100, format, profile: 'keep' })
      const { icc } = await sharp(kept.bytes).metadata()
      expect(icc?.equals((await sharp(bytes).metadata()).icc!)).toBe(true)
      const after = await sharp(kept.bytes, { ignoreIcc: true }).raw().toBuffer()
      expectNear([...after.subarray(0, 3)], [...before.subarray(0, 3)], 3)
      expectNear(
        (await pixels({ bytes: await sharp(kept.bytes).toColourspace('srgb').png().toBuffer() })).at(0.5, 0.5),
        Object.values(colour),
        4,
      )
    },
  )

  test('beside renditions in sRGB; what cannot carry a profile is in sRGB too', async () => {
    const presets = {
      kept: { width: 80, profile: 'keep' },
      plain: { width: 80 },
      gif: { width: 80, format: 'gif', profile: 'keep' },
    } as const
    const carries = async (bytes: Uint8Array) => {
      const { renditions } = await render({ bytes, presets })
      return Promise.all(
        Object.values(renditions).map(
          async (result) => 'rendered' in result && (await sharp(result.rendered.bytes).metadata()).icc !== undefined,
        ),
      )
    }
    expect(await carries(await pictures.coloured(colour, 'p3'))).toEqual([true, false, false])
    expect(await carries(await pictures.coloured(colour, 'srgb'))).toEqual([false, false, false])
    expect(await carries(await pictures.coloured(colour, 'cmyk'))).toEqual([false, false, false])
  })
})

test('a still rendition keeps the profile of an animation that moves in another', async () => {
  const frames = Buffer.concat([Buffer.alloc(60 * 40 * 3, 90), Buffer.alloc(60 * 40 * 3, 180)])
  const raw = { width: 60, height: 80, channels: 3, pageHeight: 40 } as const
  const bytes = await sharp(frames, { raw })
    .withIccProfile('p3')
    .webp({ delay: [100, 100], lossless: true })
    .toBuffer()
  const presets = {
    moving: { width: 30, format: 'webp', animation: true },
    still: { width: 30, format: 'webp', profile: 'keep' },
  } as const
  const { renditions } = await render({ bytes, presets })
  const [moving, still] = await Promise.all(
    [renditions.moving, renditions.still].map(async (result) =>
      sharp((result as { rendered: Rendered }).rendered.bytes, { animated: true }).metadata(),
    ),
  )
  expect(moving).toMatchObject({ pages: 2, width: 30, pageHeight: 20 })
  expect(still).toMatchObject({ width: 30, height: 20, icc: expect.any(Buffer) })
  expectNear((await pixels((renditions.still as { rendered: Rendered }).rendered)).at(0.5, 0.95), [90, 90, 90], 4)
})
