// The ThumbHash stands for the picture: its colours in their places, its transparency, whatever the size.
import { thumbHashToRGBA } from 'thumbhash'
import { expect, test } from 'vitest'
import type { Raw } from './raw.ts'
import { thumbhashOf } from './thumbhash.ts'

const RED = [220, 30, 30, 255]
const BLUE = [20, 40, 200, 255]

function halves(width: number, height: number, channels: 3 | 4, left: number[], right: number[]): Raw {
  const pixels = Array.from({ length: width * height }, (_, at) =>
    (at % width < width / 2 ? left : right).slice(0, channels),
  )
  return { width, height, channels, data: Buffer.from(pixels.flat()) }
}

/** The pixel a quarter and three quarters of the way across, halfway down. */
function seen(hash: string): number[][] {
  const { w, h, rgba } = thumbHashToRGBA(Buffer.from(hash, 'base64'))
  return [0.25, 0.75].map((x) => {
    const at = 4 * (Math.floor(h / 2) * w + Math.floor(x * w))
    return [...rgba.subarray(at, at + 4)]
  })
}

const apart = (a: number[], b: number[]) => Math.max(...a.map((value, channel) => Math.abs(value - b[channel]!)))

test.each([
  [1000, 700],
  [333, 1001],
  [97, 41],
  [40, 40],
  [5, 3],
])('%i x %i', (width, height) => {
  const [left, right] = seen(thumbhashOf(halves(width, height, 3, RED, BLUE)))
  expect(apart(left!, RED)).toBeLessThan(45)
  expect(apart(right!, BLUE)).toBeLessThan(45)
})

test('what is transparent has no colour', () => {
  const [left, right] = seen(thumbhashOf(halves(200, 200, 4, RED, [0, 255, 0, 0])))
  expect(apart(left!, RED)).toBeLessThan(45)
  expect(right![3]).toBeLessThan(30)
})
