// The glow behind letters: whole on their ring, soft beyond, as strong along the line as each letter needs. Pure.
import { filtered, type LineFilter, type Size } from './grid.ts'
import type { Help } from './help.ts'
import type { Letters } from './letters.ts'
import { type Bits, isSet, withinReach } from './reach.ts'
import { type Ring, ringWidth } from './ring.ts'

/** Wide enough to fill the whole ring. */
export const outlineWidth = (size: number) => ringWidth(size) + 1.2

/** How far a glow reaches, and how far each letter's own strength does along the line, in letter sizes. */
const GLOW_REACH = 0.44
const STRENGTH_REACH = 0.3

/** Whole on the ring, soft outside it: ink grown by a distance and blurred by less, at a fraction of the size. */
export function glow(letters: Letters, ring: Ring, { kind, strengths }: Help): Uint8Array {
  const { width, height, size } = letters
  const shrink = Math.max(1, Math.min(4, Math.round(size / 26)))
  const small = shrunk(letters, shrink)
  const whole = (kind === 'outline' ? outlineWidth(size) : ringWidth(size)) + 1
  const radius = Math.max(1, Math.round((GLOW_REACH * size - whole) / 6 / shrink))
  const grown = Math.min(250, Math.ceil(whole / shrink) + 3 * radius + 1)
  const along = Math.max(3 * radius + 1, Math.round((STRENGTH_REACH * size) / shrink))
  const full = strengthsOf(ring, strengths, { ...small, shrink }, along, 3 * radius + 1)
  const spare = new Float32Array(full.length)
  clearOutside(full, small, withinReach(small.cover, small.width, { x: 0, y: 0, ...small }, grown))
  for (let pass = 0; pass < 3; pass++) filtered(blurLine, full, spare, full, small, radius)
  return enlarged(full, small.width, small.height, shrink, width, height)
}

function clearOutside(values: Float32Array, { width, height }: Size, bits: Bits): void {
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (!isSet(bits, x, y)) values[y * width + x] = 0
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

/** For each cell the greatest strength, 0 to 255, that a letter near it needs: what is blurred afterwards is nowhere weaker than it was. */
function strengthsOf(
  ring: Ring,
  strengths: Float32Array,
  { width, height, shrink }: Size & { shrink: number },
  across: number,
  down: number,
): Float32Array {
  const field = new Float32Array(width * height)
  const letterAt = (x: number, y: number) => ring.letterAt(x * shrink, y * shrink)
  for (let top = 0, end = 1; top < height; top = end++) {
    // All rows of a line are alike.
    while (end < height && letterAt(0, end) === letterAt(0, top)) end++
    const needed = Float32Array.from({ length: width }, (_, x) => 255 * strengths[letterAt(x, top)]!)
    const line = greatestNear(needed, across)
    for (let y = Math.max(0, top - down); y < Math.min(height, end + down); y++)
      for (let x = 0, at = y * width; x < width; x++, at++) if (line[x]! > field[at]!) field[at] = line[x]!
  }
  return field
}

const greatestNear = (values: Float32Array, reach: number) =>
  values.map((_, at) => {
    let greatest = 0
    for (let near = Math.max(0, at - reach), end = Math.min(values.length, at + reach + 1); near < end; near++)
      if (values[near]! > greatest) greatest = values[near]!
    return greatest
  })

/** What lies outside counts as what stands at the edge. */
const blurLine: LineFilter = (from, to, start, length, step, radius) => {
  const share = 1 / (2 * radius + 1)
  const last = start + step * (length - 1)
  let sum = (radius + 1) * from[start]!
  for (let index = 1; index <= radius; index++) sum += from[Math.min(last, start + step * index)]!
  let behind = start
  let ahead = Math.min(last, start + step * (radius + 1))
  for (let index = 0, at = start; index < length; index++, at += step) {
    to[at] = sum * share
    sum += from[ahead]! - from[behind]!
    if (ahead < last) ahead += step
    if (index >= radius) behind += step
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
