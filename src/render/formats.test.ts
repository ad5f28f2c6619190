// Formats of real renditions: each in, each out, transparency, animations, and how many bytes they may have.
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import * as pictures from '../../test/fixtures/pictures.ts'
import { expectNear, pixels, refusal, renderOne } from '../../test/fixtures/renditions.ts'
import { FORMAT_EXTENSION, OUTPUT_FORMATS } from '../preset-words.ts'
import { render } from './render.ts'
import type { Rendered } from './renderer.ts'

let photo: Buffer
beforeAll(async () => {
  photo = await pictures.photo({ width: 1200, height: 900 })
})

describe('formats', () => {
  const inputs = { jpeg: 'jpeg', png: 'png', webp: 'webp', gif: 'gif', avif: 'heif', tiff: 'tiff' } as const

  test.each(Object.keys(inputs) as (keyof typeof inputs)[])('%s in, every format out', async (format) => {
    const source = pictures.picture({ width: 200, height: 150 })
    const bytes = await (format === 'avif' ? source.avif({ effort: 0 }) : source[format]()).toBuffer()
    const presets = Object.fromEntries(
      [...OUTPUT_FORMATS, 'same' as const].map((out) => [out, { width: 100, format: out }]),
    )
    const { facts, renditions } = await render({ bytes, presets }, { tiff: true })
    expect(facts).toMatchObject({ format, width: 200, height: 150, frames: 1, hasAlpha: false })
    expect(Buffer.from(facts.thumbhash, 'base64').length).toBeGreaterThan(15)
    for (const out of OUTPUT_FORMATS) {
      const { rendered } = renditions[out] as { rendered: Rendered }
      const decoded = await sharp(rendered.bytes).metadata()
      expect(rendered).toMatchObject({ format: out, contentType: `image/${out}`, width: 100, height: 75 })
      expect(decoded).toMatchObject({ format: out === 'avif' ? 'heif' : out, width: 100, height: 75 })
      expect(FORMAT_EXTENSION[out]).toBeDefined()
    }
    expect((renditions.same as { rendered: Rendered }).rendered.format).toBe(format === 'tiff' ? 'jpeg' : format)
  })

  test.each(['png', 'webp', 'avif', 'gif'] as const)('transparency goes through to %s', async (format) => {
    const { at, info } = await pixels(await renderOne(await pictures.disc().png().toBuffer(), { width: 100, format }))
    expect(info.channels).toBe(4)
    expect(at(0, 0)[3]).toBe(0)
    expectNear(at(0.5, 0.5), [250, 120, 20, 255], 16)
  })

  test('`auto` gives AVIF, WebP and what every browser can show', async () => {
    const presets = { it: { width: 100, format: 'auto' } } as const
    const formatsOf = async (bytes: Uint8Array) =>
      Object.entries((await render({ bytes, presets })).renditions).map(([name, result]) => [
        name,
        'rendered' in result && result.rendered.format,
      ])
    expect(await formatsOf(photo)).toEqual([
      ['it', 'jpeg'],
      ['it.avif', 'avif'],
      ['it.webp', 'webp'],
    ])
    expect(await formatsOf(await pictures.disc().png().toBuffer())).toContainEqual(['it', 'png'])
  })

  test('transparency stands on the background in a JPEG', async () => {
    const disc = await pictures.disc().png().toBuffer()
    expectNear((await pixels(await renderOne(disc, { width: 100, background: '#0a0' }))).at(0, 0), [0, 170, 0])
    expectNear(
      (await pixels(await renderOne(disc, { width: 100, background: 'transparent' }))).at(0, 0),
      [255, 255, 255],
    )
  })

  test('an animation keeps its frames, times and rounds where asked, else its first frame', async () => {
    for (const [from, to] of [
      ['gif', 'webp'],
      ['webp', 'gif'],
      ['gif', 'same'],
    ] as const) {
      const bytes = await pictures.animation(4, from)
      const preset = { width: 80, height: 80, fit: 'contain', format: to, animation: true } as const
      const moving = await sharp((await renderOne(bytes, preset)).bytes, { animated: true }).metadata()
      expect(moving).toMatchObject({ pages: 4, width: 80, pageHeight: 80, delay: [100, 120, 140, 160], loop: 2 })
      const still = await renderOne(bytes, { ...preset, animation: false })
      expect((await sharp(still.bytes).metadata()).pages ?? 1).toBe(1)
      expectNear((await pixels(still)).at(0.5, 0.5), [40, 40, 40], 4)
    }
  })

  test('an animated AVIF shows its first frame to readers of stills, with the notice, and no other of ours reads it', async () => {
    const preset = { width: 33, height: 21, fit: 'fill', format: 'avif', animation: true } as const
    const moving = await renderOne(await pictures.animation(4), preset)
    expect(moving).toMatchObject({ format: 'avif', contentType: 'image/avif', width: 33, height: 21 })
    expect(moving).not.toHaveProperty('stills')
    await expect(sharp(moving.bytes).metadata()).rejects.toThrow('unsupported')
    expect((await refusal(moving.bytes)).message).toContain('animated AVIF')
    const still = { bytes: Buffer.from(moving.bytes) }
    still.bytes.write('avif', 8, 'latin1')
    const { at, info } = await pixels(still)
    expect([info.width, info.height]).toEqual([33, 21])
    expectNear(at(0.5, 0.5), [40, 40, 40], 4)
    expect(await renderOne(await pictures.animation(4), preset)).toEqual(moving)
  })
})

describe('at most so many bytes', () => {
  test.each(['jpeg', 'webp', 'avif'] as const)('%s gives up quality, no more than needed', async (format) => {
    const free = await renderOne(photo, { width: 600, format })
    const maxBytes = Math.round(free.bytes.length * 0.6)
    const bounded = await renderOne(photo, { width: 600, format, maxBytes })
    expect(bounded.bytes.length).toBeLessThanOrEqual(maxBytes)
    expect(bounded.bytes.length).toBeGreaterThan(maxBytes * 0.75)
    expect(await renderOne(photo, { width: 600, format, maxBytes: free.bytes.length })).toEqual(free)
  })

  test('so does an animated AVIF', async () => {
    const preset = { width: 96, format: 'avif', animation: true } as const
    const bytes = await pictures.clip(3)
    const free = await renderOne(bytes, preset)
    const maxBytes = Math.round(free.bytes.length * 0.6)
    const bounded = await renderOne(bytes, { ...preset, maxBytes })
    expect(bounded.bytes.length).toBeLessThanOrEqual(maxBytes)
    expect(bounded.bytes.length).toBeGreaterThan(maxBytes * 0.75)
  })

  test('what no quality can keep is refused', async () => {
    const { renditions } = await render({ bytes: photo, presets: { it: { width: 1200, maxBytes: 500 } } })
    expect(renditions.it).toMatchObject({
      failure: { code: 'image.cannot_be_rendered', message: expect.stringContaining('500 bytes') },
    })
    await expect(
      render({ bytes: photo, presets: { it: { width: 100, maxBytes: 5_000, format: 'png' } } }),
    ).rejects.toMatchObject({ code: 'config.invalid' })
  })
})
