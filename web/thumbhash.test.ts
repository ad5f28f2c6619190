// A hash becomes a picture, and what is no hash becomes nothing.
import { rgbaToThumbHash } from 'thumbhash'
import { expect, it } from 'vitest'
import { drawThumbhash } from './thumbhash.ts'

const red = Array.from({ length: 16 * 8 }, () => [255, 0, 0, 255]).flat()
const hash = btoa(String.fromCharCode(...rgbaToThumbHash(16, 8, red)))

it('draws a PNG of the shape of the picture', () => {
  const png = atob(drawThumbhash(hash)?.replace('data:image/png;base64,', '') ?? '')
  const side = (at: number) => png.charCodeAt(at + 2) * 256 + png.charCodeAt(at + 3)
  expect(png.startsWith('\x89PNG')).toBe(true)
  expect(side(16) / side(20)).toBeCloseTo(2, 0)
})

it('draws nothing for what is no base64', () => {
  expect(drawThumbhash('not base64!')).toBeUndefined()
})
