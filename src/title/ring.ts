// The ring: the pixels just outside the letters, which decide whether they are seen, each with the letter that it surrounds. Pure.
import { around, type Letters } from './letters.ts'
import { isSet, withinReach } from './reach.ts'

export interface Ring {
  /** Pixels of the picture, counted row by row, and the letter of each. */
  pixels: Int32Array
  letters: Uint16Array
  letterCount: number
  /** Of any pixel of the letters' region, on the ring or not. */
  letterAt(x: number, y: number): number
  /** Pixels of the picture that lie wholly inside letters, some of them: what the letters' own colour is measured on. */
  inside: Int32Array
}

/** Width of the ring in pixels: 7 % of the letter size. */
export const ringWidth = (size: number) => Math.max(3, 0.07 * size)

/** A pixel that letters cover more than this (of 255) shows them, and not what is around them. */
const FAINT = 5
const INSIDE_EVERY = 23

// Room for the most there can be, kept from call to call.
let pixels = new Int32Array(0)
let owners = new Uint16Array(0)
let inside = new Int32Array(0)

/** `width` is for tests that shrink the ring. */
export function ringOf(letters: Letters, width = ringWidth(letters.size)): Ring {
  const { cover, emoji } = letters
  const part = around(letters, Math.ceil(width))
  const near = withinReach(cover, letters.width, part, width)
  const { rows, columns, count } = ownership(letters)
  const most = part.width * part.height
  if (pixels.length < most) {
    pixels = new Int32Array(most)
    owners = new Uint16Array(most)
    inside = new Int32Array(Math.ceil(most / INSIDE_EVERY))
  }
  let found = 0
  let foundInside = 0
  for (let y = part.y, cell = 0; y < part.y + part.height; y++) {
    const line = rows[y]! * letters.width
    const inPicture = (letters.y + y) * letters.pictureWidth + letters.x
    for (let x = part.x, pixel = y * letters.width + x; x < part.x + part.width; x++, pixel++, cell++) {
      if (!isSet(near, x - part.x, y - part.y)) continue
      if (cover[pixel]! <= FAINT) {
        owners[found] = columns[line + x]!
        pixels[found++] = inPicture + x
      } else if (cover[pixel] === 255 && cell % INSIDE_EVERY === 0 && !emoji?.[4 * pixel + 3])
        inside[foundInside++] = inPicture + x
    }
  }
  return {
    pixels: pixels.slice(0, found),
    letters: owners.slice(0, found),
    letterCount: count,
    letterAt: (x, y) => columns[rows[y]! * letters.width + x]!,
    inside: inside.slice(0, foundInside),
  }
}

/** For each row its line, and for each line and column its letter. */
function ownership({ width, height, lines }: Letters) {
  const rows = new Uint16Array(height)
  for (let y = 0, line = 0; y < height; y++) {
    while (line < lines.length - 1 && y >= lines[line]!.bottom) line++
    rows[y] = line
  }
  const columns = new Uint16Array(width * lines.length)
  let count = 0
  for (const [line, { ends }] of lines.entries()) {
    for (let x = 0, letter = 0; x < width; x++) {
      while (letter < ends.length && x >= ends[letter]!) letter++
      columns[line * width + x] = count + letter
    }
    count += ends.length + 1
  }
  return { rows, columns, count }
}

/** A letter with fewer ring pixels than this is judged with its neighbours only. */
const FEW = 12

/**
 * Of a value per ring pixel (small whole numbers, larger is worse): what the worst 5 % of all pixels reach at least, and what the worst
 * `letterShare` of each letter's do.
 */
export function worstOf(ring: Ring, values: Uint8Array, letterShare: number): { all: number; letters: Uint8Array } {
  const steps = 256
  const counts = new Uint32Array(steps * ring.letterCount)
  for (let at = 0; at < values.length; at++) counts[steps * ring.letters[at]! + values[at]!]!++
  const total = new Uint32Array(steps)
  const worst = new Uint8Array(ring.letterCount)
  const sizes = new Uint32Array(ring.letterCount)
  for (let letter = 0; letter < ring.letterCount; letter++) {
    const own = counts.subarray(steps * letter, steps * (letter + 1))
    let pixels = 0
    for (let value = 0; value < steps; value++) {
      pixels += own[value]!
      total[value]! += own[value]!
    }
    sizes[letter] = pixels
    worst[letter] = upper(own, pixels, letterShare)
  }
  const all = upper(total, values.length, 0.05)
  return { all, letters: worst.map((value, letter) => (sizes[letter]! < FEW ? all : value)) }
}

function upper(counts: Uint32Array, pixels: number, share: number): number {
  let left = Math.floor(pixels * share)
  for (let value = counts.length - 1; value >= 0; value--) {
    if (left < counts[value]!) return value
    left -= counts[value]!
  }
  return 0
}
