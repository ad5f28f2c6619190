// The shadow lies beneath the letters, never on them, and falls where its mask says.
import { expect, test } from 'vitest'
import { castShadow } from './shadow.ts'

const side = 16
const at = (pixels: Uint8Array, x: number, y: number) => [
  ...pixels.subarray(4 * (y * side + x), 4 * (y * side + x) + 4),
]
const mask = { width: 4, height: 4, alpha: new Uint8Array(16) }
mask.alpha.fill(255, 8)

const cast = (pixels: Uint8Array, drop: number) =>
  castShadow(pixels, side, side, { mask, shrink: 4, drop, colour: [100, 0, 200], strength: 0.5 })

test('stands where the mask covers, premultiplied, and leaves the rest alone', () => {
  const pixels = new Uint8Array(4 * side * side)
  cast(pixels, 0)
  expect(at(pixels, 8, 15)).toEqual([50, 0, 100, 128])
  expect(at(pixels, 8, 0)).toEqual([0, 0, 0, 0])
  const edge = at(pixels, 8, 8)[3]!
  expect(edge).toBeGreaterThan(64)
  expect(edge).toBeLessThan(128)
})

test('never covers opaque ink', () => {
  const pixels = new Uint8Array(4 * side * side).fill(255)
  cast(pixels, 0)
  expect(pixels.every((value) => value === 255)).toBe(true)
})

test('falls by its drop', () => {
  const low = new Uint8Array(4 * side * side)
  cast(low, 4)
  expect(at(low, 8, 8)[3]).toBe(0)
  expect(at(low, 8, 14)[3]).toBeGreaterThan(0)
})
