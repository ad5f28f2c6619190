// How a title is seen: how much of the picture it changes, and how small the picture may be shown before it cannot be read. Pure.
import type { Picture } from './analysis.ts'
import { contrast, LINEAR, luminance } from './colour.ts'
import type { Patch } from './dress.ts'
import type { Help } from './help.ts'
import type { Letters } from './letters.ts'
import { SMALLEST_SIZE } from './place.ts'

const EVERY = 3

/** Mean change of OKLab lightness outside the letters, x 100, over the whole picture. Greys stand in for colours: it is lightness that glows change. */
export function damageOf(picture: Picture, letters: Letters, patch: Patch): number {
  let sum = 0
  let ink = 0
  for (let y = 0; y < letters.height; y += EVERY)
    for (let x = 0; x < letters.width; x += EVERY) {
      const pixel = y * letters.width + x
      if (letters.cover[pixel]! > 5) {
        ink++
        continue
      }
      const alpha = patch.pixels[4 * pixel + 3]!
      if (alpha === 0) continue
      const at = picture.channels * ((letters.y + y) * picture.width + letters.x + x)
      const before = [0, 1, 2].map((channel) => picture.data[at + channel]!)
      const after = before.map((value, channel) =>
        Math.round(patch.pixels[4 * pixel + channel]! + (value * (255 - alpha)) / 255),
      )
      sum += Math.abs(lightness(before) - lightness(after))
    }
  return (100 * sum) / ((picture.width * picture.height) / (EVERY * EVERY) - ink)
}

const lightness = ([red = 0, green = 0, blue = 0]: number[]) => Math.cbrt(luminance(red, green, blue))

/** Widths that pages show a picture at. */
const WIDTHS = [320, 480, 640, 960]

/** The smallest of the usual widths, in pixels, at which the letters are large enough and still have their contrast; its own if none. */
export function legibleAt(pictures: Picture[], letters: Letters, help: Help): number {
  const { width } = pictures[0]!
  const fits = WIDTHS.find(
    (shown) =>
      shown < width &&
      (letters.size * shown) / width >= SMALLEST_SIZE &&
      pictures.every((picture) => contrastAt(picture, letters, help, shown / width) >= help.target),
  )
  return fits ?? width
}

/** Cells that letters cover at least, and at most, this much show them, and what is around them. */
const MOSTLY = 0.6
const HARDLY = 0.02

/** Median of the letters against the 5th percentile of what is next to them, of the picture shown smaller. */
function contrastAt(picture: Picture, letters: Letters, { fill, back }: Help, scale: number): number {
  const { width, height, light, cover } = shrink(picture, letters, scale)
  const isLetter = (cell: number) => cover[cell]! >= MOSTLY
  const inks: number[] = []
  const grounds: number[] = []
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const cell = y * width + x
      if (isLetter(cell)) inks.push(light[cell]!)
      else if (
        cover[cell]! <= HARDLY &&
        [cell - 1, cell + 1, cell - width, cell + width].some((next) => cover[next]! > HARDLY)
      )
        grounds.push(light[cell]!)
    }
  if (inks.length === 0 || grounds.length === 0) return 1
  const own = inks.sort((a, b) => a - b)[inks.length >> 1]!
  const lighter = luminance(...fill) > luminance(...back)
  grounds.sort((a, b) => (lighter ? b - a : a - b))
  const around = grounds[Math.floor(grounds.length * 0.05)]!
  return lighter === own > around ? contrast(own, around) : 1
}

/** Mean luminance and cover of each cell of the letters' region; as browsers do it, channels are averaged as they are stored. */
function shrink(picture: Picture, letters: Letters, scale: number) {
  const width = Math.max(1, Math.floor(letters.width * scale))
  const height = Math.max(1, Math.floor(letters.height * scale))
  const sums = new Float32Array(5 * width * height)
  const columns = Uint16Array.from({ length: letters.width }, (_, x) => Math.min(width - 1, Math.floor(x * scale)))
  for (let y = 0, pixel = 0; y < letters.height; y++) {
    const row = Math.min(height - 1, Math.floor(y * scale)) * width
    let at = picture.channels * ((letters.y + y) * picture.width + letters.x)
    for (let x = 0; x < letters.width; x++, pixel++, at += picture.channels) {
      const cell = 5 * (row + columns[x]!)
      sums[cell]! += picture.data[at]!
      sums[cell + 1]! += picture.data[at + 1]!
      sums[cell + 2]! += picture.data[at + 2]!
      sums[cell + 3]! += letters.cover[pixel]!
      sums[cell + 4]! += 1
    }
  }
  const mean = (cell: number, part: number) => sums[5 * cell + part]! / sums[5 * cell + 4]!
  const cells = Array.from({ length: width * height }, (_, cell) => cell)
  const linear = (cell: number, part: number) => LINEAR[Math.round(mean(cell, part))]!
  return {
    width,
    height,
    light: Float32Array.from(
      cells,
      (cell) => 0.2126 * linear(cell, 0) + 0.7152 * linear(cell, 1) + 0.0722 * linear(cell, 2),
    ),
    cover: Float32Array.from(cells, (cell) => mean(cell, 3) / 255),
  }
}
