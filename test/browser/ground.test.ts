// What a proof stands on, beside what the server renders from the same picture.
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Preset } from '../../src/preset.ts'
import { presetSchema } from '../../src/preset-schema.ts'
import { render } from '../../src/render/render.ts'
import { groundOf, seenThrough } from '../../web/proof/ground.ts'
import type { Pixels } from '../../web/proof/resample.ts'
import { picture } from '../fixtures/pictures.ts'

async function pixelsOf(bytes: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) }
}

/** Mean difference of the channels, and the largest, of 255. */
function difference(a: Pixels, b: Pixels): { mean: number; most: number } {
  expect([a.width, a.height]).toEqual([b.width, b.height])
  let sum = 0
  let most = 0
  for (let at = 0; at < a.data.length; at++) {
    const one = Math.abs(a.data[at]! - b.data[at]!)
    sum += one
    most = Math.max(most, one)
  }
  return { mean: sum / a.data.length, most }
}

async function compare(bytes: Buffer, preset: Preset) {
  const { renditions } = await render({ bytes, presets: { one: preset }, focus: { x: 0.3, y: 0.8 } })
  if (!('rendered' in renditions.one!)) throw new Error(JSON.stringify(renditions.one))
  const pixels = await pixelsOf(bytes)
  const ground = groundOf({ size: pixels, pixels }, preset, 'png', { x: 0.3, y: 0.8 })
  const rendered = await pixelsOf(renditions.one!.rendered.bytes)
  // The colour of what is nearly clear is lost in rounding, and not to be seen.
  return difference(seenThrough(ground.pixels)[0]!, seenThrough(rendered)[0]!)
}

const preset = (options: object) => presetSchema.parse({ format: 'png', ...options })

describe('groundOf', () => {
  it.each([
    ['contain on a colour', { width: 320, height: 180, fit: 'contain', background: '#345' }],
    ['contain on a blurred copy', { width: 320, height: 180, fit: 'contain', background: 'blur' }],
    ['contain on nothing', { width: 320, height: 180, fit: 'contain', background: 'transparent' }],
    ['cover around the focus', { width: 240, height: 240, fit: 'cover' }],
    ['inside', { width: 333 }],
    ['fill', { width: 200, height: 300, fit: 'fill' }],
    ['enlarged', { width: 1000, height: 800, fit: 'inside', enlarge: true }],
  ])('gives what the server renders: %s', async (_, options) => {
    const { mean, most } = await compare(
      await picture({ width: 500, height: 400, seed: 9 }).png().toBuffer(),
      preset(options),
    )
    expect(mean).toBeLessThan(0.6)
    expect(most).toBeLessThanOrEqual(12)
  })

  it('keeps transparency, and weighs colours by it', async () => {
    const mask = Buffer.from(Array.from({ length: 500 * 400 }, (_, at) => ((at % 500) * 255) / 500))
    const bytes = await picture({ width: 500, height: 400 })
      .joinChannel(mask, { raw: { width: 500, height: 400, channels: 1 } })
      .png()
      .toBuffer()
    const { mean } = await compare(bytes, preset({ width: 160 }))
    expect(mean).toBeLessThan(1)
    expect(seenThrough(await pixelsOf(bytes))).toHaveLength(2)
  })

  it('lays a colour under transparency where the format has none', () => {
    const clear = { width: 2, height: 1, data: new Uint8ClampedArray([9, 9, 9, 0, 200, 100, 50, 128]) }
    const { pixels } = groundOf({ size: clear, pixels: clear }, preset({ width: 2 }), 'jpeg')
    expect([...pixels.data]).toEqual([0, 0, 0, 255, 100, 50, 25, 255])
    expect(seenThrough(pixels)).toEqual([pixels])
  })
})
