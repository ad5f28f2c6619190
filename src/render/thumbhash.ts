// The ThumbHash of a picture: about 25 bytes that stand in for it until a rendition is there.
import { rgbaToThumbHash } from 'thumbhash'
import type { Size } from './geometry.ts'
import { THUMBHASH_SIDE } from './plan.ts'
import type { Raw } from './raw.ts'

/** So many pixels across and down tell the mean of a box well enough. */
const SAMPLES = 8

/** The ThumbHash in base64. */
export function thumbhashOf(picture: Raw): string {
  const factor = Math.min(1, THUMBHASH_SIDE / Math.max(picture.width, picture.height))
  const size = {
    width: Math.max(1, Math.floor(picture.width * factor)),
    height: Math.max(1, Math.floor(picture.height * factor)),
  }
  return Buffer.from(rgbaToThumbHash(size.width, size.height, meansOf(picture, size))).toString('base64')
}

/** The means of as many boxes, as RGBA. A call of sharp for so few pixels would cost more than all of them. */
function meansOf(picture: Raw, { width, height }: Size): Uint8Array {
  const means = new Uint8Array(width * height * 4)
  for (let y = 0, to = 0; y < height; y++) {
    const rows = spanOf(y, height, picture.height)
    for (let x = 0; x < width; x++, to += 4) means.set(meanOf(picture, rows, spanOf(x, width, picture.width)), to)
  }
  return means
}

interface Span {
  from: number
  to: number
  step: number
}

const spanOf = (box: number, boxes: number, side: number): Span => ({
  from: Math.floor((box * side) / boxes),
  to: Math.floor(((box + 1) * side) / boxes),
  step: Math.ceil(side / boxes / SAMPLES),
})

function meanOf({ data, width, channels }: Raw, rows: Span, columns: Span): number[] {
  let [red, green, blue, opacity, count] = [0, 0, 0, 0, 0]
  for (let y = rows.from; y < rows.to; y += rows.step)
    for (let x = columns.from; x < columns.to; x += columns.step) {
      const at = (y * width + x) * channels
      const alpha = channels === 4 ? data[at + 3]! : 255
      red += data[at]! * alpha
      green += data[at + 1]! * alpha
      blue += data[at + 2]! * alpha
      opacity += alpha
      count++
    }
  return opacity === 0 ? [0, 0, 0, 0] : [red / opacity, green / opacity, blue / opacity, opacity / count]
}
