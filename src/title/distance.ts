// How far each pixel is from the letters, exact up to a reach: first along the columns, then along the rows (Saito and Toriwaki). Pure.

/** Coverage from which a pixel counts as ink. */
const INK = 128

/** A part of a grid; whole numbers. */
export interface Rect {
  x: number
  y: number
  width: number
  height: number
}

// Kept from call to call: a megabyte more of garbage a title costs more than all the sums.
let columns = new Uint8Array(0)
let squares = new Uint16Array(0)

/**
 * Squares of the Euclidean distance to the nearest ink, in pixels, for one part of a cover whose rows are `stride` long; 0 in ink, and
 * some number above `reach²` for all that is further than `reach` (at most 250). Ink outside the part is not seen. Good until the next call.
 */
export function squaredDistances(cover: Uint8Array, stride: number, part: Rect, reach: number): Uint16Array {
  const { width, height } = part
  const far = reach + 1
  // Rows have room on both sides, so that no step needs to look whether it leaves them.
  const pitch = width + 2 * far
  if (squares.length < width * height) squares = new Uint16Array(width * height)
  columnDistances(cover, stride, part, far, pitch)
  for (let y = 0, cell = 0; y < height; y++) {
    const start = y * pitch + far
    /** The columns around the present one that have ink near this row. */
    let near = 0
    for (let at = start; at < start + reach; at++) if (columns[at]! <= reach) near++
    for (let at = start; at < start + width; at++, cell++) {
      if (columns[at + reach]! <= reach) near++
      if (columns[at - far]! <= reach) near--
      squares[cell] = near > 0 ? nearest(at, far * far) : far * far
    }
  }
  return squares.subarray(0, width * height)
}

function nearest(at: number, far: number): number {
  const own = columns[at]!
  let best = Math.min(far, own * own)
  for (let step = 1; step * step < best; step++) {
    const left = columns[at - step]!
    const right = columns[at + step]!
    const closer = Math.min(left, right)
    const square = step * step + closer * closer
    if (square < best) best = square
  }
  return best
}

/** Distance to the nearest ink above or below; `far` where there is none nearer. Rows become `pitch` long and begin after `far`. */
function columnDistances(
  cover: Uint8Array,
  stride: number,
  { x, y, width, height }: Rect,
  far: number,
  pitch: number,
): void {
  if (columns.length < pitch * height) columns = new Uint8Array(pitch * height)
  columns.fill(far, 0, pitch * height)
  for (let row = 0; row < height; row++) {
    const from = (y + row) * stride + x
    const to = row * pitch + far
    if (row === 0) {
      for (let column = 0; column < width; column++) if (cover[from + column]! >= INK) columns[to + column] = 0
      continue
    }
    for (let column = 0; column < width; column++) {
      if (cover[from + column]! >= INK) columns[to + column] = 0
      else {
        const above = columns[to - pitch + column]!
        if (above < far) columns[to + column] = above + 1
      }
    }
  }
  for (let row = height - 2; row >= 0; row--) {
    const to = row * pitch + far
    for (let column = to; column < to + width; column++) {
      const below = columns[column + pitch]! + 1
      if (below < columns[column]!) columns[column] = below
    }
  }
}
