// A second meter of how well text can be read, which shares no code and no definition with src/title: from finished pixels and the ink alone.
import sharp from 'sharp'

export interface Shown {
  /** Red, green and blue, row by row, as decoded from the file. */
  data: Uint8Array
  width: number
  height: number
}

/** Which pixels are text, 0 to 255: all of it, and what of it has the letters' colour (emoji have their own). */
export interface Ink {
  all: Uint8Array
  coloured: Uint8Array
}

export interface Reading {
  /** WCAG 2 contrast of the letters with all but the worst 5 % of the pixels next to them. */
  p5: number
  /** The same of the worst connected piece of ink, without the worst 10 % of the pixels next to it. */
  worst: number
}

const COVERED = 0.75 * 255
const CLEAR = 0.04 * 255
/** Pieces with fewer pixels around them are dots, and judged with the rest. */
const FEW = 24

/** `reach`: how many pixels from the ink count as next to it. */
export function read(shown: Shown, ink: Ink, light: boolean, reach: number): Reading {
  const box = boxOf(ink.all, shown, reach)
  const lightness = cut(shown, box)
  const text = mask(ink.all, shown.width, box)
  const own = median(covered(lightness, mask(ink.coloured, shown.width, box)))
  if (own === undefined) return { p5: 1, worst: 1 }
  const { piece, count } = flood(text, box.width, reach)
  const around: number[] = []
  const perPiece: number[][] = Array.from({ length: count }, () => [])
  for (let pixel = 0; pixel < text.length; pixel++) {
    if (piece[pixel] === 0 || text[pixel]! > CLEAR) continue
    const ground = lightness[pixel]!
    const ratio = ground < own === light ? (Math.max(ground, own) + 0.05) / (Math.min(ground, own) + 0.05) : 1
    around.push(ratio)
    perPiece[piece[pixel]! - 1]!.push(ratio)
  }
  const pieces = perPiece.filter((ratios) => ratios.length >= FEW).map((ratios) => quantile(ratios, 0.1))
  const p5 = quantile(around, 0.05)
  return { p5, worst: Math.min(p5, ...pieces) }
}

interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** Around the ink, with one pixel more than is looked at, so that no step leaves it; at the picture's edge it does without. */
function boxOf(ink: Uint8Array, { width, height }: Shown, reach: number): Box {
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let pixel = 0; pixel < ink.length; pixel++) {
    if (ink[pixel]! <= CLEAR) continue
    const x = pixel % width
    const y = (pixel - x) / width
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = y
  }
  left = Math.max(0, left - reach - 1)
  top = Math.max(0, top - reach - 1)
  return {
    left,
    top,
    width: Math.max(1, Math.min(width, right + reach + 2) - left),
    height: Math.max(1, Math.min(height, bottom + reach + 2) - top),
  }
}

function mask(ink: Uint8Array, width: number, box: Box): Uint8Array {
  const part = new Uint8Array(box.width * box.height)
  for (let y = 0; y < box.height; y++) {
    const from = (box.top + y) * width + box.left
    part.set(ink.subarray(from, from + box.width), y * box.width)
  }
  return part
}

/** Luminance of each pixel of the box. */
function cut({ data, width }: Shown, box: Box): Float32Array {
  const part = new Float32Array(box.width * box.height)
  for (let y = 0, pixel = 0; y < box.height; y++)
    for (let x = 0; x < box.width; x++, pixel++) {
      const at = 3 * ((box.top + y) * width + box.left + x)
      part[pixel] = 0.2126 * LINEAR[data[at]!]! + 0.7152 * LINEAR[data[at + 1]!]! + 0.0722 * LINEAR[data[at + 2]!]!
    }
  return part
}

/** Which piece of ink each pixel is nearest to (from 1), within `reach` steps to the eight neighbours; 0 beyond. */
function flood(ink: Uint8Array, width: number, reach: number) {
  const piece = new Uint16Array(ink.length)
  const steps = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1]
  let count = 0
  let edge: number[] = []
  const spread = (from: number, visit: (next: number) => void) => {
    const x = from % width
    for (const step of steps) {
      const next = from + step
      if (next >= 0 && next < ink.length && Math.abs((next % width) - x) <= 1 && piece[next] === 0) visit(next)
    }
  }
  for (let seed = 0; seed < ink.length; seed++) {
    if (ink[seed]! < 128 || piece[seed] !== 0) continue
    piece[seed] = ++count
    const open = [seed]
    for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
      edge.push(pixel)
      spread(pixel, (next) => {
        if (ink[next]! < 128) return
        piece[next] = count
        open.push(next)
      })
    }
  }
  for (let step = 0; step < reach; step++) {
    const grown: number[] = []
    for (const pixel of edge)
      spread(pixel, (next) => {
        piece[next] = piece[pixel]!
        grown.push(next)
      })
    edge = grown
  }
  return { piece, count }
}

const LINEAR = Float64Array.from({ length: 256 }, (_, value) =>
  value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
)

/** Of the pixels that letters cover, or, where none is covered that much, of the most covered ones. */
function covered(lightness: Float32Array, letters: Uint8Array): number[] {
  const most = letters.reduce((largest, value) => Math.max(largest, value), 0)
  const found: number[] = []
  for (let pixel = 0; pixel < letters.length; pixel++)
    if (letters[pixel]! > 0 && letters[pixel]! >= Math.min(COVERED, 0.9 * most)) found.push(lightness[pixel]!)
  return found
}

function median(values: number[]): number | undefined {
  return values.sort((a, b) => a - b)[values.length >> 1]
}

function quantile(values: number[], share: number): number {
  return values.sort((a, b) => a - b)[Math.floor(share * values.length)] ?? 1
}

/** The picture and its ink as a page shows them at this width: scaled by libvips, as a browser would. */
export async function shownAt(picture: Shown, ink: Ink, width: number): Promise<{ picture: Shown; ink: Ink }> {
  const height = Math.round((picture.height * width) / picture.width)
  const size = { width: picture.width, height: picture.height }
  const scale = (data: Uint8Array, channels: 1 | 3) =>
    sharp(data, { raw: { ...size, channels } })
      .resize(width, height, { fit: 'fill' })
      .raw()
      .toBuffer()
  const mask = (data: Uint8Array) =>
    sharp(data, { raw: { ...size, channels: 1 } })
      .resize(width, height, { fit: 'fill', kernel: 'linear' })
      .toColourspace('b-w')
      .raw()
      .toBuffer()
  const [data, all, coloured] = await Promise.all([scale(picture.data, 3), mask(ink.all), mask(ink.coloured)])
  return { picture: { data, width, height }, ink: { all, coloured } }
}

/** Not each pixel is looked at; a step that has no factor in common with the width. */
const EVERY = 7

/** Mean change of OKLab lightness x 100 outside the ink, over the whole picture. */
export function damage(before: Uint8Array, after: Uint8Array, ink: Uint8Array): number {
  let sum = 0
  let pixels = 0
  for (let pixel = 0; pixel < ink.length; pixel += EVERY) {
    if (ink[pixel]! > 5) continue
    pixels++
    if ([0, 1, 2].every((channel) => before[3 * pixel + channel] === after[3 * pixel + channel])) continue
    sum += Math.abs(lightness(before, 3 * pixel) - lightness(after, 3 * pixel))
  }
  return (100 * sum) / pixels
}

/** https://bottosson.github.io/posts/oklab/, its first axis. */
function lightness(data: Uint8Array, at: number): number {
  const [r, g, b] = [LINEAR[data[at]!]!, LINEAR[data[at + 1]!]!, LINEAR[data[at + 2]!]!]
  return (
    0.2104542553 * Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) +
    0.793617785 * Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) -
    0.0040720468 * Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  )
}
