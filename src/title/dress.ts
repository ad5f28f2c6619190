// Letters with their help as one patch to lay over the picture: glow, outline or banner behind, colour, emoji on top. Pure.
import { squaredDistances } from './distance.ts'
import type { Help } from './help.ts'
import type { Letters } from './letters.ts'
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
  for (let pixel = 0, at = 0; pixel < cover.length; pixel++, at += 4) {
    const ink = cover[pixel]!
    const rest = ((behind[pixel]! * (255 - ink) + 127) / 255) | 0
    const alpha = ink + rest
    if (alpha === 0) continue
    pixels[at] = ((red * ink + backRed * rest + 127) / 255) | 0
    pixels[at + 1] = ((green * ink + backGreen * rest + 127) / 255) | 0
    pixels[at + 2] = ((blue * ink + backBlue * rest + 127) / 255) | 0
    pixels[at + 3] = alpha
  }
  if (emoji) layOver(pixels, emoji)
  return { pixels, x, y, width, height }
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

function outline({ cover, width, height, size }: Letters, field: Uint8Array): void {
  const reach = outlineWidth(size)
  const squares = squaredDistances(cover, width, height, Math.ceil(reach) + 1)
  const edges = Float32Array.from({ length: (Math.ceil(reach) + 2) ** 2 + 1 }, (_, square) =>
    Math.min(1, Math.max(0, reach + 0.5 - Math.sqrt(square))),
  )
  for (let pixel = 0; pixel < field.length; pixel++) {
    const edge = edges[squares[pixel]!]!
    if (edge > 0) field[pixel] = field[pixel]! + (255 - field[pixel]!) * edge + 0.5
  }
}

/** How far a glow reaches, and how far each letter's own strength does along the line, in letter sizes. */
const GLOW_REACH = 0.36
const STRENGTH_REACH = 0.3

/** Whole on the ring, soft outside it: ink grown by a distance and blurred by less, at a fraction of the size. */
function glow(letters: Letters, ring: Ring, { kind, strengths }: Help): Uint8Array {
  const { width, height, size } = letters
  const shrink = Math.max(1, Math.min(4, Math.round(size / 26)))
  const small = shrunk(letters, shrink)
  const whole = (kind === 'outline' ? outlineWidth(size) : ringWidth(size)) + 1
  const radius = Math.max(1, Math.round((GLOW_REACH * size - whole) / 6 / shrink))
  const grown = Math.min(250, Math.ceil(whole / shrink) + 3 * radius + 1)
  const squares = squaredDistances(small.cover, small.width, small.height, grown)
  const full = new Float32Array(squares.length)
  for (let y = 0, cell = 0; y < small.height; y++)
    for (let x = 0; x < small.width; x++, cell++)
      full[cell] = 255 * strengths[ring.letterAt(Math.min(width - 1, x * shrink), Math.min(height - 1, y * shrink))]!
  const along = Math.max(3 * radius + 1, Math.round((STRENGTH_REACH * size) / shrink))
  let field = strongest(full, small.width, small.height, along, 3 * radius + 1)
  for (let cell = 0; cell < field.length; cell++) if (squares[cell]! > grown * grown) field[cell] = 0
  for (let pass = 0; pass < 3; pass++) field = boxBlur(field, small.width, small.height, radius)
  return enlarged(field, small.width, small.height, shrink, width, height)
}

/** A cell has ink where any of its pixels does. */
function shrunk({ cover, width, height }: Letters, shrink: number) {
  const small = { width: Math.ceil(width / shrink), height: Math.ceil(height / shrink) }
  const cells = new Uint8Array(small.width * small.height)
  const column = Uint16Array.from({ length: width }, (_, x) => x / shrink)
  for (let y = 0, pixel = 0; y < height; y++) {
    const row = Math.floor(y / shrink) * small.width
    for (let x = 0; x < width; x++, pixel++) if (cover[pixel]! >= 128) cells[row + column[x]!] = 255
  }
  return { ...small, cover: cells }
}

/** The largest value in the rectangle around each cell: what is blurred afterwards is nowhere weaker than it was. */
function strongest(values: Float32Array, width: number, height: number, across: number, down: number) {
  const rows = new Float32Array(values.length)
  for (let y = 0, cell = 0; y < height; y++)
    for (let x = 0; x < width; x++, cell++) {
      let most = 0
      for (let step = -Math.min(across, x); step <= Math.min(across, width - 1 - x); step++)
        if (values[cell + step]! > most) most = values[cell + step]!
      rows[cell] = most
    }
  const largest = new Float32Array(values.length)
  for (let y = 0, cell = 0; y < height; y++)
    for (let x = 0; x < width; x++, cell++) {
      let most = 0
      for (let step = -Math.min(down, y); step <= Math.min(down, height - 1 - y); step++)
        if (rows[cell + step * width]! > most) most = rows[cell + step * width]!
      largest[cell] = most
    }
  return largest
}

/** Rows, then columns; what lies outside counts as what stands at the edge. */
function boxBlur(values: Float32Array, width: number, height: number, radius: number): Float32Array<ArrayBuffer> {
  const across = new Float32Array(values.length)
  blurLines(values, across, height, width, width, 1, radius)
  const down = new Float32Array(values.length)
  blurLines(across, down, width, height, 1, width, radius)
  return down
}

function blurLines(
  from: Float32Array,
  to: Float32Array,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
  radius: number,
): void {
  const share = 1 / (2 * radius + 1)
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep
    const at = (index: number) => from[start + step * Math.min(length - 1, Math.max(0, index))]!
    let sum = 0
    for (let index = -radius; index <= radius; index++) sum += at(index)
    for (let index = 0; index < length; index++) {
      to[start + step * index] = sum * share
      sum += at(index + radius + 1) - at(index - radius)
    }
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
function banner({ cover, width, height, size }: Letters, strength: number): Uint8Array {
  const ink = { left: width, right: 0, top: height, bottom: 0 }
  for (let y = 0, pixel = 0; y < height; y++)
    for (let x = 0; x < width; x++, pixel++)
      if (cover[pixel] !== 0) {
        ink.left = Math.min(ink.left, x)
        ink.right = Math.max(ink.right, x)
        ink.top = Math.min(ink.top, y)
        ink.bottom = y
      }
  const radius = CORNER * size
  const middle = { x: (ink.left + ink.right) / 2, y: (ink.top + ink.bottom) / 2 }
  const half = {
    x: (ink.right - ink.left) / 2 + PADDING * size - radius,
    y: (ink.bottom - ink.top) / 2 + PADDING * size - radius,
  }
  const field = new Uint8Array(cover.length)
  for (let y = 0, pixel = 0; y < height; y++)
    for (let x = 0; x < width; x++, pixel++) {
      const [dx, dy] = [Math.max(0, Math.abs(x - middle.x) - half.x), Math.max(0, Math.abs(y - middle.y) - half.y)]
      field[pixel] = 255 * strength * Math.min(1, Math.max(0, radius + 0.5 - Math.sqrt(dx * dx + dy * dy)))
    }
  return field
}
