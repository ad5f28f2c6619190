// How a title is seen: how much of the picture it changes, and how small the picture may be shown before it cannot be read. Pure.
import type { Picture } from './analysis.ts'
import { by255, contrast, luminance } from './colour.ts'
import type { Patch } from './dress.ts'
import type { Help } from './help.ts'
import { around, type Letters } from './letters.ts'
import { SMALLEST_SIZE } from './place.ts'

const EVERY = 4

/** Mean change of OKLab lightness outside the letters, x 100, over the whole picture. Greys stand in for colours: it is lightness that glows change. */
export function damageOf({ data, channels, width, height }: Picture, letters: Letters, { pixels }: Patch): number {
  let sum = 0
  let ink = 0
  for (let y = 0; y < letters.height; y += EVERY) {
    const row = (letters.y + y) * width + letters.x
    for (let x = 0, pixel = y * letters.width; x < letters.width; x += EVERY, pixel += EVERY) {
      if (letters.cover[pixel]! > 5) {
        ink++
        continue
      }
      const from = 4 * pixel
      const rest = 255 - pixels[from + 3]!
      if (rest === 255) continue
      const at = channels * (row + x)
      const red = data[at]!
      const green = data[at + 1]!
      const blue = data[at + 2]!
      const before = Math.cbrt(luminance(red, green, blue))
      const after = Math.cbrt(
        luminance(
          pixels[from]! + by255(red * rest),
          pixels[from + 1]! + by255(green * rest),
          pixels[from + 2]! + by255(blue * rest),
        ),
      )
      sum += Math.abs(before - after)
    }
  }
  return (100 * sum) / ((width * height) / (EVERY * EVERY) - ink)
}

/** Widths that pages show a picture at. */
const WIDTHS = [320, 480, 640, 960]

/**
 * The smallest of the usual widths, in pixels, at which the letters are large enough and still have their contrast; its own if none.
 * `small` is the contrast at the smallest, which is known already.
 */
export function legibleAt(pictures: Picture[], letters: Letters, help: Help, small: number | undefined): number {
  const { width } = pictures[0]!
  const contrastAtWidth = (shown: number) =>
    shown === WIDTHS[0] ? small : contrastWhen(shown, pictures, letters, help)
  return WIDTHS.find((shown) => (contrastAtWidth(shown) ?? 0) >= help.target) ?? width
}

/** The contrast on a page that shows the picture 320 pixels wide; `undefined` where that is not smaller, or makes the letters too small. */
export const contrastWhenSmall = (pictures: Picture[], letters: Letters, help: Help) =>
  contrastWhen(WIDTHS[0]!, pictures, letters, help)

function contrastWhen(shown: number, pictures: Picture[], letters: Letters, help: Help): number | undefined {
  const { width } = pictures[0]!
  if (shown >= width || (letters.size * shown) / width < SMALLEST_SIZE) return undefined
  return Math.min(...pictures.map((picture) => contrastAt(picture, letters, help, shown / width)))
}

/** Cells that letters cover at least, and at most, this much show them, and what is around them. */
const MOSTLY = 0.6
const HARDLY = 0.02

/** Median of the letters against the 5th percentile of what is next to them, of the picture shown smaller. */
function contrastAt(picture: Picture, letters: Letters, { fill, back }: Help, scale: number): number {
  const { width, height, light, cover } = shrink(picture, letters, scale)
  const found = { inks: new Float32Array(light.length), grounds: new Float32Array(light.length) }
  let [inks, grounds] = [0, 0]
  const isNextTo = (cell: number, step: number) => cover[cell - step]! > HARDLY || cover[cell + step]! > HARDLY
  for (let y = 2; y < height - 2; y++)
    for (let x = 2, cell = y * width + 2; x < width - 2; x++, cell++) {
      if (cover[cell]! >= MOSTLY) found.inks[inks++] = light[cell]!
      else if (
        cover[cell]! <= HARDLY &&
        (isNextTo(cell, 1) || isNextTo(cell, width) || isNextTo(cell, 2) || isNextTo(cell, 2 * width))
      )
        found.grounds[grounds++] = light[cell]!
    }
  if (inks === 0 || grounds === 0) return 1
  const own = found.inks.subarray(0, inks).sort()[inks >> 1]!
  const lighter = luminance(...fill) > luminance(...back)
  const worst = Math.floor(grounds * 0.05)
  const around = found.grounds.subarray(0, grounds).sort()[lighter ? grounds - 1 - worst : worst]!
  return lighter === own > around ? contrast(own, around) : 1
}

/** What is around the letters that may be looked at, in pixels of the picture shown smaller. */
const SURROUNDINGS = 3

/** Mean luminance and cover of each cell of the letters and what is around them; as browsers do it, channels are averaged as they are stored. */
function shrink(picture: Picture, letters: Letters, scale: number) {
  const part = around(letters, Math.ceil(SURROUNDINGS / scale))
  const width = Math.max(1, Math.floor(part.width * scale))
  const height = Math.max(1, Math.floor(part.height * scale))
  const sums = new Float32Array(5 * width * height)
  const { data, channels } = picture
  const columns = Uint16Array.from({ length: part.width }, (_, x) => Math.min(width - 1, Math.floor(x * scale)))
  // Every second pixel tells as much where a cell has many.
  const step = Math.max(1, Math.floor(0.5 / scale))
  for (let y = 0; y < part.height; y += step) {
    const row = Math.min(height - 1, Math.floor(y * scale)) * width
    let at = channels * ((letters.y + part.y + y) * picture.width + letters.x + part.x)
    let pixel = (part.y + y) * letters.width + part.x
    for (let x = 0; x < part.width; x += step, pixel += step, at += step * channels) {
      const cell = 5 * (row + columns[x]!)
      sums[cell]! += data[at]!
      sums[cell + 1]! += data[at + 1]!
      sums[cell + 2]! += data[at + 2]!
      sums[cell + 3]! += letters.cover[pixel]!
      sums[cell + 4]! += 1
    }
  }
  const light = new Float32Array(width * height)
  const cover = new Float32Array(width * height)
  for (let cell = 0, at = 0; cell < light.length; cell++, at += 5) {
    const count = sums[at + 4]!
    cover[cell] = sums[at + 3]! / count / 255
    light[cell] = luminance(
      Math.round(sums[at]! / count),
      Math.round(sums[at + 1]! / count),
      Math.round(sums[at + 2]! / count),
    )
  }
  return { width, height, light, cover }
}
