// Letters with their help as one patch to lay over the picture: glow, outline or banner behind, colour, emoji on top. Pure.
import { by255, type Rgb } from './colour.ts'
import { squaredDistances } from './distance.ts'
import { glow, outlineWidth } from './glow.ts'
import type { Help } from './help.ts'
import { around, type Letters } from './letters.ts'
import type { Ring } from './ring.ts'

/** Pixels as RGBA with premultiplied alpha, row by row, and where the top left one stands in the picture. */
export interface Patch {
  pixels: Uint8Array
  x: number
  y: number
  width: number
  height: number
}

export function dress(letters: Letters, ring: Ring, help: Help): Patch {
  const { x, y, width, height, cover, emoji } = letters
  const behind = behindOf(letters, ring, help)
  const [red, green, blue] = help.fill
  const [backRed, backGreen, backBlue] = help.back
  const pixels = new Uint8Array(4 * width * height)
  const words = new Uint32Array(pixels.buffer)
  const bare = shadesOf(help.back)
  const letter = shadesOf(help.fill)[255]!
  for (let pixel = 0; pixel < cover.length; pixel++) {
    const ink = cover[pixel]!
    const field = behind[pixel]!
    // Few pixels are neither letter nor ground.
    if (ink === 0) words[pixel] = bare[field]!
    else if (ink === 255) words[pixel] = letter
    else {
      const at = 4 * pixel
      const rest = by255(field * (255 - ink))
      pixels[at] = by255(red * ink + backRed * rest)
      pixels[at + 1] = by255(green * ink + backGreen * rest)
      pixels[at + 2] = by255(blue * ink + backBlue * rest)
      pixels[at + 3] = ink + rest
    }
  }
  if (emoji) layOver(pixels, emoji)
  return { pixels, x, y, width, height }
}

/** A colour at each alpha, as four bytes in one number. */
function shadesOf([red, green, blue]: Rgb): Uint32Array {
  const shades = new Uint8Array(4 * 256)
  for (let alpha = 0; alpha < 256; alpha++)
    shades.set([by255(red * alpha), by255(green * alpha), by255(blue * alpha), alpha], 4 * alpha)
  return new Uint32Array(shades.buffer)
}

function layOver(pixels: Uint8Array, emoji: Uint8Array): void {
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = emoji[at + 3]!
    if (alpha === 0) continue
    for (let channel = 0; channel < 4; channel++)
      pixels[at + channel] = Math.min(255, emoji[at + channel]! + (pixels[at + channel]! * (255 - alpha)) / 255 + 0.5)
  }
}

/** How much of each pixel is covered by what stands behind the letters, 0 to 255. */
function behindOf(letters: Letters, ring: Ring, help: Help): Uint8Array {
  if (help.kind === 'none') return new Uint8Array(letters.cover.length)
  if (help.kind === 'banner') return banner(letters, help.strength)
  const field = help.strength > 0 ? glow(letters, ring, help) : new Uint8Array(letters.cover.length)
  if (help.kind === 'outline') outline(letters, field)
  return field
}

function outline(letters: Letters, field: Uint8Array): void {
  const width = outlineWidth(letters.size)
  const reach = Math.ceil(width) + 1
  const part = around(letters, reach)
  const squares = squaredDistances(letters.cover, letters.width, part, reach)
  for (let y = 0, cell = 0; y < part.height; y++)
    for (let x = 0, pixel = (part.y + y) * letters.width + part.x; x < part.width; x++, pixel++, cell++) {
      if (squares[cell]! > reach * reach) continue
      const edge = Math.min(1, Math.max(0, width + 0.5 - Math.sqrt(squares[cell]!)))
      field[pixel] = field[pixel]! + (255 - field[pixel]!) * edge + 0.5
    }
}

/** Free space around the text and radius of the corners, in letter sizes. */
const PADDING = 0.3
const CORNER = 0.16

/** A panel with round corners around all ink. */
function banner({ cover, width, height, size, ink }: Letters, strength: number): Uint8Array {
  const radius = CORNER * size
  const middle = { x: ink.x + (ink.width - 1) / 2, y: ink.y + (ink.height - 1) / 2 }
  const half = {
    x: (ink.width - 1) / 2 + PADDING * size - radius,
    y: (ink.height - 1) / 2 + PADDING * size - radius,
  }
  const field = new Uint8Array(cover.length)
  for (let y = 0, pixel = 0; y < height; y++)
    for (let x = 0; x < width; x++, pixel++) {
      const [dx, dy] = [Math.max(0, Math.abs(x - middle.x) - half.x), Math.max(0, Math.abs(y - middle.y) - half.y)]
      field[pixel] = 255 * strength * Math.min(1, Math.max(0, radius + 0.5 - Math.sqrt(dx * dx + dy * dy)))
    }
  return field
}
