// Layouts of every fit, as rules that hold for any picture and any box.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { presetSchema } from '../preset-schema.ts'
import { POSITIONS } from '../preset-words.ts'
import { cutFor, focusOn, layOut, pointUnder } from './geometry.ts'

const side = fc.integer({ min: 1, max: 20_000 })
const box = fc.integer({ min: 1, max: 4_096 })
const anyLayout = fc.record({
  picture: fc.record({ width: side, height: side }),
  preset: fc
    .record({
      width: box,
      height: box,
      fit: fc.constantFrom('inside', 'contain', 'cover', 'fill'),
      enlarge: fc.boolean(),
      position: fc.constantFrom(...POSITIONS, 'attention'),
    })
    .map((preset) => presetSchema.parse(preset)),
  focus: fc.option(
    fc.record({ x: fc.double({ min: 0, max: 1, noNaN: true }), y: fc.double({ min: 0, max: 1, noNaN: true }) }),
    { nil: undefined },
  ),
})

describe('layOut', () => {
  test('keeps every rectangle inside the one that holds it', () => {
    fc.assert(
      fc.property(anyLayout, ({ picture, preset, focus }) => {
        const { canvas, scaled, crop, at } = layOut(picture, preset, focus)
        for (const size of [canvas, scaled, crop]) expect(Math.min(size.width, size.height)).toBeGreaterThanOrEqual(1)
        expect(Math.min(crop.left, crop.top, at.left, at.top)).toBeGreaterThanOrEqual(0)
        expect(crop.left + crop.width).toBeLessThanOrEqual(scaled.width)
        expect(crop.top + crop.height).toBeLessThanOrEqual(scaled.height)
        expect(at.left + crop.width).toBeLessThanOrEqual(canvas.width)
        expect(at.top + crop.height).toBeLessThanOrEqual(canvas.height)
        expect(canvas.width).toBeLessThanOrEqual(preset.width!)
        expect(canvas.height).toBeLessThanOrEqual(preset.height!)
      }),
      { numRuns: 2_000 },
    )
  })

  test('never enlarges unless told to', () => {
    fc.assert(
      fc.property(anyLayout, ({ picture, preset, focus }) => {
        fc.pre(!preset.enlarge)
        const { scaled } = layOut(picture, preset, focus)
        expect(scaled.width).toBeLessThanOrEqual(picture.width)
        expect(scaled.height).toBeLessThanOrEqual(picture.height)
      }),
      { numRuns: 2_000 },
    )
  })

  test('keeps the aspect to the pixel, except for `fill`', () => {
    fc.assert(
      fc.property(anyLayout, ({ picture, preset, focus }) => {
        fc.pre(preset.fit !== 'fill')
        const { scaled } = layOut(picture, preset, focus)
        // Some one factor gives both sides to within a pixel; a side of one pixel may stand for less.
        const least = (side: number, of: number) => (side === 1 ? 0 : (side - 1) / of)
        const low = Math.max(least(scaled.width, picture.width), least(scaled.height, picture.height))
        const high = Math.min((scaled.width + 1) / picture.width, (scaled.height + 1) / picture.height)
        expect(low).toBeLessThanOrEqual(high)
      }),
      { numRuns: 2_000 },
    )
  })

  test('gives the side that limits as it was asked for, and the other to the nearest pixel', () => {
    const open = fc.constantFrom('width', 'height', 'neither')
    fc.assert(
      fc.property(anyLayout, open, ({ picture, preset: { width, height, ...rest } }, left) => {
        fc.pre(rest.fit === 'inside' || (rest.fit === 'contain' && left === 'neither'))
        const box = { ...(left !== 'width' && { width }), ...(left !== 'height' && { height }) }
        const { scaled } = layOut(picture, { ...rest, ...box })
        const across = (box.width ?? Number.POSITIVE_INFINITY) / picture.width
        const down = (box.height ?? Number.POSITIVE_INFINITY) / picture.height
        const factor = rest.enlarge ? Math.min(across, down) : Math.min(across, down, 1)
        if (factor === across) expect(scaled.width).toBe(box.width)
        if (factor === down) expect(scaled.height).toBe(box.height)
        // A product that ends in .5 may be rounded either way.
        expect(Math.abs(scaled.width - Math.max(1, picture.width * factor))).toBeLessThanOrEqual(0.5 + 1e-6)
        expect(Math.abs(scaled.height - Math.max(1, picture.height * factor))).toBeLessThanOrEqual(0.5 + 1e-6)
      }),
      {
        numRuns: 2_000,
        examples: [
          [
            { picture: { width: 97, height: 40 }, preset: presetSchema.parse({ width: 8 }), focus: undefined },
            'height',
          ],
        ],
      },
    )
  })

  test('gives `cover` and `fill` the box to the pixel, or its aspect where that would enlarge', () => {
    fc.assert(
      fc.property(anyLayout, ({ picture, preset }) => {
        fc.pre(preset.fit === 'cover' || preset.fit === 'fill')
        const { canvas } = layOut(picture, preset)
        const asked = { width: preset.width!, height: preset.height! }
        const across = picture.width / asked.width
        const down = picture.height / asked.height
        if (preset.enlarge || Math.min(across, down) >= 1) expect(canvas).toEqual(asked)
        else if (across <= down) expect(canvas.width).toBe(picture.width)
        else expect(canvas.height).toBe(picture.height)
      }),
      { numRuns: 2_000 },
    )
  })

  test('gives `contain` the full box, and `cover` one of its aspect', () => {
    const small = { width: 100, height: 80 }
    expect(layOut(small, presetSchema.parse({ width: 400, height: 200, fit: 'contain' }))).toMatchObject({
      canvas: { width: 400, height: 200 },
      scaled: small,
      at: { left: 150, top: 60 },
    })
    expect(layOut(small, presetSchema.parse({ width: 400, height: 200, fit: 'cover' })).canvas).toEqual({
      width: 100,
      height: 50,
    })
  })

  test('puts the focus in the middle of what `cover` keeps, as far as the picture reaches', () => {
    const preset = presetSchema.parse({ width: 100, height: 100, fit: 'cover' })
    const wide = { width: 400, height: 100 }
    expect(layOut(wide, preset, { x: 0.5, y: 0.5 }).crop.left).toBe(150)
    expect(layOut(wide, preset, { x: 0.75, y: 0.5 }).crop.left).toBe(250)
    expect(layOut(wide, preset, { x: 1, y: 0 }).crop.left).toBe(300)
    expect(layOut(wide, presetSchema.parse({ ...preset, position: 'left' })).crop.left).toBe(0)
  })

  test('follows an open side from the other', () => {
    expect(layOut({ width: 4000, height: 3000 }, presetSchema.parse({ width: 720 })).canvas).toEqual({
      width: 720,
      height: 540,
    })
    expect(layOut({ width: 16_384, height: 2 }, presetSchema.parse({ width: 128 })).canvas).toEqual({
      width: 128,
      height: 1,
    })
  })
})

describe('cutFor', () => {
  test('cuts, scales and trims to exactly the crop, within the decoded picture', () => {
    fc.assert(
      fc.property(anyLayout, fc.double({ min: 0.01, max: 1, noNaN: true }), ({ picture, preset, focus }, factor) => {
        const layout = layOut(picture, preset, focus)
        const decoded = { width: Math.ceil(picture.width * factor), height: Math.ceil(picture.height * factor) }
        const { before, size, after } = cutFor(decoded, layout)
        expect(Math.min(before.left, before.top, after.left, after.top)).toBeGreaterThanOrEqual(0)
        expect(before.left + before.width).toBeLessThanOrEqual(decoded.width)
        expect(before.top + before.height).toBeLessThanOrEqual(decoded.height)
        expect(after.left + after.width).toBeLessThanOrEqual(size.width)
        expect(after.top + after.height).toBeLessThanOrEqual(size.height)
        expect([after.width, after.height]).toEqual([layout.crop.width, layout.crop.height])
      }),
      { numRuns: 2_000 },
    )
  })
})

test('a point on the rendition leads back to the point of the original', () => {
  fc.assert(
    fc.property(anyLayout, ({ picture, preset, focus = { x: 0.5, y: 0.5 } }) => {
      const layout = layOut(picture, preset)
      const shown = focusOn(layout, focus)
      if (!shown) return
      const back = pointUnder(layout, shown)
      expect(back.x).toBeCloseTo(focus.x, 6)
      expect(back.y).toBeCloseTo(focus.y, 6)
    }),
  )
})
