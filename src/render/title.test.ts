// The title's pixels over a picture's: opaque, half and straight alpha.
import { expect, test } from 'vitest'
import type { Raw } from './raw.ts'
import { blend } from './title.ts'

const onePixel = (...ink: number[]) => ({ pixels: Uint8Array.from(ink), width: 1, height: 1, x: 1, y: 0 })

test('three channels: ink covers as much as its alpha says, and the original pixels stay as they were', () => {
  const picture: Raw = { width: 2, height: 1, channels: 3, data: Buffer.from([10, 20, 30, 100, 100, 200]) }
  expect([...blend(picture, onePixel(255, 0, 0, 255)).data]).toEqual([10, 20, 30, 255, 0, 0])
  expect([...blend(picture, onePixel(128, 0, 0, 128)).data]).toEqual([10, 20, 30, 178, 50, 100])
  expect([...blend(picture, onePixel(0, 0, 0, 0)).data]).toEqual([...picture.data])
})

test('four channels: ink over nothing keeps its own colour and alpha', () => {
  const picture: Raw = { width: 2, height: 1, channels: 4, data: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0]) }
  expect([...blend(picture, onePixel(128, 64, 0, 128)).data.subarray(4)]).toEqual([255, 128, 0, 128])
  const solid: Raw = { ...picture, data: Buffer.from([0, 0, 0, 0, 100, 100, 200, 255]) }
  expect([...blend(solid, onePixel(128, 0, 0, 128)).data.subarray(4)]).toEqual([178, 50, 100, 255])
})
