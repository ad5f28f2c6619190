// Which pixels are near the letters: a bit each, so that one step looks at 32 of them. Pure.
import type { Rect } from './distance.ts'

/** A bit for each pixel, row by row. A row begins with a word of its own, and a word with its lowest bit. */
export interface Bits {
  words: Int32Array
  /** Words of a row. */
  pitch: number
}

export const isSet = ({ words, pitch }: Bits, x: number, y: number): boolean =>
  (words[y * pitch + (x >> 5)]! & (1 << (x & 31))) !== 0

// Kept from call to call.
let words = new Int32Array(0)

/**
 * Set for each pixel of a part of a cover, whose rows are `stride` long, that is at most `radius` pixels from ink (128 or more). Ink
 * outside the part is not seen. Good until the next call.
 */
export function withinReach(cover: Uint8Array, stride: number, part: Rect, radius: number): Bits {
  const { width, height } = part
  const pitch = Math.ceil(width / 32)
  if (words.length < pitch * height) words = new Int32Array(pitch * height)
  words.fill(0, 0, pitch * height)
  const reach = Math.floor(radius)
  /** How far along the row ink reaches that is so far above or below. */
  const spans = Int32Array.from({ length: reach + 1 }, (_, off) => Math.sqrt(radius * radius - off * off))
  const row = new Int32Array(pitch)
  for (let y = 0; y < height; y++) {
    if (!readInk(cover, (part.y + y) * stride + part.x, width, row)) continue
    for (let off = reach, span = 0; off >= 0; off--) {
      for (const wanted = spans[off]!; span < wanted; ) {
        // Further at once would leave gaps.
        const step = Math.min(wanted - span, 2 * span + 1, 31)
        widen(row, step)
        span += step
      }
      if (y >= off) add(row, (y - off) * pitch)
      if (off > 0 && y + off < height) add(row, (y + off) * pitch)
    }
  }
  const outside = width % 32 === 0 ? 0 : -1 << (width % 32)
  for (let last = pitch - 1; last < pitch * height; last += pitch) words[last]! &= ~outside
  return { words: words.subarray(0, pitch * height), pitch }
}

/** Tells whether there is any. */
function readInk(cover: Uint8Array, start: number, width: number, row: Int32Array): boolean {
  let any = 0
  const end = start + width
  for (let from = start, word = 0; from < end; word++) {
    let bits = 0
    for (let bit = 0; bit < 32 && from < end; bit++, from++) bits |= (cover[from]! >> 7) << bit
    row[word] = bits
    any |= bits
  }
  return any !== 0
}

/** By `step` pixels (1 to 31) to both sides. */
function widen(row: Int32Array, step: number): void {
  const rest = 32 - step
  let before = 0
  for (let word = 0, last = row.length - 1; word <= last; word++) {
    const own = row[word]!
    const after = word < last ? row[word + 1]! : 0
    row[word] = own | (own << step) | (own >>> step) | (before >>> rest) | (after << rest)
    before = own
  }
}

function add(row: Int32Array, to: number): void {
  for (let word = 0, end = row.length; word < end; word++) words[to + word]! |= row[word]!
}
