// What is let in and what is refused, from headers alone.
import { describe, expect, test } from 'vitest'
import type { ThumbsmithError } from '../errors.ts'
import { presetSchema } from '../preset-schema.ts'
import { admit, admitBytes, DEFAULT_LIMITS, type Limits } from './limits.ts'
import { planRender } from './plan.ts'
import type { Probe } from './probe.ts'

const jpeg: Probe = {
  format: 'jpeg',
  bytes: 3_000_000,
  width: 4000,
  height: 3000,
  orientation: 1,
  hasAlpha: false,
  frames: 1,
  progressive: false,
  hasFirstScan: false,
  copyright: undefined,
  chroma: '4:2:0',
  deep: false,
  cmyk: false,
  profiled: false,
  rgbProfile: false,
  delays: undefined,
  loop: 0,
}
const presets = { small: presetSchema.parse({ width: 1024, height: 1024 }) }

function refusal(change: Partial<Probe>, limits: Partial<Limits> = {}, wanted = presets): string | undefined {
  const original = { ...jpeg, ...change }
  try {
    admit(original, planRender(original, wanted), { ...DEFAULT_LIMITS, ...limits })
    return undefined
  } catch (error) {
    return (error as ThumbsmithError).code
  }
}

describe('admit', () => {
  test('lets in what people upload', () => {
    expect(refusal({})).toBeUndefined()
    expect(refusal({ width: 11_652, height: 8736 })).toBeUndefined()
    expect(refusal({ width: 11_652, height: 8736, progressive: true })).toBeUndefined()
    expect(refusal({ format: 'avif', width: 8000, height: 6000 })).toBeUndefined()
    expect(refusal({ format: 'png', width: 8000, height: 6000 })).toBeUndefined()
  })

  test('refuses long sides, except of a baseline JPEG', () => {
    expect(refusal({ width: 30_000, height: 100 })).toBeUndefined()
    expect(refusal({ width: 65_501, height: 100 })).toBe('image.too_many_pixels')
    expect(refusal({ width: 30_000, height: 100, progressive: true })).toBe('image.too_many_pixels')
    expect(refusal({ format: 'png', width: 16_776_964, height: 4 })).toBe('image.too_many_pixels')
    expect(refusal({ width: 60_000, height: 60_000 })).toBe('image.too_many_pixels')
  })

  test('refuses what would take too much memory, whoever needs it', () => {
    expect(refusal({ format: 'avif', width: 10_000, height: 10_000 })).toBe('image.needs_too_much_memory')
    expect(refusal({ format: 'png', width: 16_000, height: 16_000, progressive: true })).toBe(
      'image.needs_too_much_memory',
    )
    const huge = { small: presetSchema.parse({ width: 16_384, height: 16_384, fit: 'contain' }) }
    expect(refusal({}, {}, huge)).toBe('image.needs_too_much_memory')
  })

  test('counts frames only where a preset keeps them', () => {
    const moving = { small: presetSchema.parse({ width: 64, format: 'webp', animation: true }) }
    const gif = { format: 'gif', width: 64, height: 64, frames: 100_000 } as const
    expect(refusal(gif)).toBeUndefined()
    expect(refusal(gif, {}, moving)).toBe('image.too_many_frames')
  })

  test('says what was measured and what is possible', () => {
    expect(() => admitBytes(60_000_000, DEFAULT_LIMITS)).toThrow('The file has 60 MB; at most 50 MB are accepted.')
    expect(() => admitBytes(50_000_000, DEFAULT_LIMITS)).not.toThrow()
  })
})

describe('planRender', () => {
  test('decodes once, as large as the largest rendition and no larger than the original', () => {
    const plan = (sizes: number[]) =>
      planRender(jpeg, Object.fromEntries(sizes.map((width) => [`w${width}`, presetSchema.parse({ width })]))).decode
    expect(plan([128, 512, 1024])).toEqual({ width: 1024, height: 768 })
    expect(plan([128, 9000])).toEqual({ width: 4000, height: 3000 })
    expect(plan([])).toEqual({ width: 40, height: 30 })
  })

  test('decodes by the side that a crop needs', () => {
    const cover = { square: presetSchema.parse({ width: 300, height: 300, fit: 'cover' }) }
    expect(planRender(jpeg, cover).decode).toEqual({ width: 400, height: 300 })
  })

  test('keeps frames only for formats that can move', () => {
    const frames = (original: 'gif' | 'png', format: string) =>
      planRender(
        { ...jpeg, format: original, frames: 9 },
        { it: presetSchema.parse({ width: 64, format, animation: true }) },
      ).frames
    expect([frames('gif', 'gif'), frames('gif', 'webp'), frames('gif', 'same'), frames('png', 'same')]).toEqual([
      9, 9, 9, 1,
    ])
  })
})
