// Letters with their help as one patch to lay over the picture: glow, outline or banner behind, colour, emoji on top. Pure.
import { by255, type Rgb } from './colour.ts'
import { squaredDistances } from './distance.ts'
import type { Help } from './help.ts'
import { around, type Letters } from './letters.ts'
import { type Ring, ringWidth } from './ring.ts'

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

/** Wide enough to fill the whole ring. */
const outlineWidth = (size: number) => ringWidth(size) + 1.2

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

/** How far a glow reaches, and how far each letter's own strength does along the line, in letter sizes. */
const GLOW_REACH = 0.44
const STRENGTH_REACH = 0.3

/** Whole on the ring, soft outside it: ink grown by a distance and blurred by less, at a fraction of the size. */
function glow(letters: Letters, ring: Ring, { kind, strengths }: Help): Uint8Array {
  const { width, height, size } = letters
  const shrink = Math.max(1, Math.min(4, Math.round(size / 26)))
  const small = shrunk(letters, shrink)
  const whole = (kind === 'outline' ? outlineWidth(size) : ringWidth(size)) + 1
  const radius = Math.max(1, Math.round((GLOW_REACH * size - whole) / 6 / shrink))
  const grown = Math.min(250, Math.ceil(whole / shrink) + 3 * radius + 1)
  const full = new Float32Array(small.cover.length).fill(255 * strengths[0]!)
  const spare = new Float32Array(full.length)
  if (!strengths.every((strength) => strength === strengths[0])) {
    for (let y = 0, cell = 0; y < small.height; y++)
      for (let x = 0; x < small.width; x++, cell++)
        full[cell] = 255 * strengths[ring.letterAt(Math.min(width - 1, x * shrink), Math.min(height - 1, y * shrink))]!
    const along = Math.max(3 * radius + 1, Math.round((STRENGTH_REACH * size) / shrink))
    strongest(full, spare, small.width, small.height, along, 3 * radius + 1)
  }
  const squares = squaredDistances(small.cover, small.width, { x: 0, y: 0, ...small }, grown)
  for (let cell = 0; cell < full.length; cell++) if (squares[cell]! > grown * grown) full[cell] = 0
  for (let pass = 0; pass < 3; pass++) boxBlur(full, spare, small.width, small.height, radius)
  return enlarged(full, small.width, small.height, shrink, width, height)
}

/** A cell has ink where any of its pixels does. */
function shrunk({ cover, width, height, ink }: Letters, shrink: number) {
  const small = { width: Math.ceil(width / shrink), height: Math.ceil(height / shrink) }
  const cells = new Uint8Array(small.width * small.height)
  const column = Uint16Array.from({ length: width }, (_, x) => x / shrink)
  for (let y = ink.y; y < ink.y + ink.height; y++) {
    const row = Math.floor(y / shrink) * small.width
    for (let x = ink.x; x < ink.x + ink.width; x++) if (cover[y * width + x]! >= 128) cells[row + column[x]!] = 255
  }
  return { ...small, cover: cells }
}

/** The largest value in the rectangle around each cell, in place: what is blurred afterwards is nowhere weaker than it was. */
function strongest(
  values: Float32Array,
  spare: Float32Array,
  width: number,
  height: number,
  across: number,
  down: number,
): void {
  const room = Math.max(width + 2 * across, height + 2 * down)
  const largest = { since: new Float32Array(room), until: new Float32Array(room) }
  for (let y = 0; y < height; y++) strongestInLine(values, spare, y * width, width, 1, across, largest)
  for (let x = 0; x < width; x++) strongestInLine(spare, values, x, height, width, down, largest)
}

/** Three comparisons a value, however far it looks: the largest since and until the borders of blocks as long as the window (van Herk). */
function strongestInLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  length: number,
  step: number,
  reach: number,
  { since, until }: { since: Float32Array; until: Float32Array },
): void {
  const block = 2 * reach + 1
  const end = length + 2 * reach
  const at = (index: number) => (index < reach || index >= length + reach ? 0 : from[start + step * (index - reach)]!)
  for (let index = 0, inBlock = 0; index < end; index++, inBlock = inBlock === block - 1 ? 0 : inBlock + 1)
    since[index] = inBlock === 0 ? at(index) : Math.max(since[index - 1]!, at(index))
  for (
    let index = end - 1, inBlock = index % block;
    index >= 0;
    index--, inBlock = inBlock === 0 ? block - 1 : inBlock - 1
  )
    until[index] = inBlock === block - 1 || index === end - 1 ? at(index) : Math.max(until[index + 1]!, at(index))
  for (let index = 0; index < length; index++)
    to[start + step * index] = Math.max(until[index]!, since[index + 2 * reach]!)
}

/** Rows, then columns, in place; what lies outside counts as what stands at the edge. */
function boxBlur(values: Float32Array, spare: Float32Array, width: number, height: number, radius: number): void {
  for (let y = 0; y < height; y++) blurLine(values, spare, y * width, width, 1, radius)
  for (let x = 0; x < width; x++) blurLine(spare, values, x, height, width, radius)
}

function blurLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  length: number,
  step: number,
  radius: number,
): void {
  const share = 1 / (2 * radius + 1)
  const last = start + step * (length - 1)
  let sum = (radius + 1) * from[start]!
  for (let index = 1; index <= radius; index++) sum += from[Math.min(last, start + step * index)]!
  for (let at = start, behind = start - step * radius, ahead = start + step * (radius + 1); at <= last; ) {
    to[at] = sum * share
    sum += from[Math.min(ahead, last)]! - from[Math.max(behind, start)]!
    at += step
    behind += step
    ahead += step
  }
}

/** Bilinear. */
function enlarged(
  values: Float32Array,
  smallWidth: number,
  smallHeight: number,
  shrink: number,
  width: number,
  height: number,
): Uint8Array {
  const full = new Uint8Array(width * height)
  const columns = steps(width, smallWidth, shrink)
  const rows = steps(height, smallHeight, shrink)
  const line = new Float32Array(smallWidth + 1)
  for (let y = 0, pixel = 0; y < height; y++) {
    const above = rows.index[y]! * smallWidth
    const below = Math.min(rows.index[y]! + 1, smallHeight - 1) * smallWidth
    for (let x = 0; x < smallWidth; x++)
      line[x] = values[above + x]! + (values[below + x]! - values[above + x]!) * rows.share[y]!
    line[smallWidth] = line[smallWidth - 1]!
    for (let x = 0; x < width; x++, pixel++) {
      const left = columns.index[x]!
      full[pixel] = line[left]! + (line[left + 1]! - line[left]!) * columns.share[x]! + 0.5
    }
  }
  return full
}

/** For each pixel: the cell before it, and how far it lies towards the next one. */
function steps(length: number, cells: number, shrink: number) {
  const index = new Uint16Array(length)
  const share = new Float32Array(length)
  for (let pixel = 0; pixel < length; pixel++) {
    const place = Math.min(Math.max((pixel + 0.5) / shrink - 0.5, 0), cells - 1)
    index[pixel] = Math.floor(place)
    share[pixel] = place - Math.floor(place)
  }
  return { index, share }
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
