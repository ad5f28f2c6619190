// How far each pixel is from the letters: exact up to a reach, in two passes (Saito and Toriwaki). Pure.

/** Coverage from which a pixel counts as ink. */
const INK = 128

/** Squares of the Euclidean distance to the nearest ink, in pixels; 0 in ink, and `(reach + 1)²` for all that is further than `reach`. */
export function squaredDistances(cover: Uint8Array, width: number, height: number, reach: number): Uint16Array {
  const columns = columnDistances(cover, width, height, reach)
  const far = (reach + 1) ** 2
  const squares = new Uint16Array(width * height).fill(far)
  for (let y = 0; y < height; y++) {
    const start = y * width
    const end = start + width
    /** The columns around the present one that have ink near this row. */
    let near = 0
    for (let at = start; at < Math.min(end, start + reach); at++) if (columns[at]! <= reach) near++
    for (let at = start; at < end; at++) {
      if (at + reach < end && columns[at + reach]! <= reach) near++
      if (at - reach - 1 >= start && columns[at - reach - 1]! <= reach) near--
      if (near > 0) squares[at] = nearest(columns, at, start, end, far)
    }
  }
  return squares
}

function nearest(columns: Uint8Array, at: number, start: number, end: number, far: number): number {
  const own = columns[at]!
  let best = Math.min(far, own * own)
  for (let step = 1; step * step < best; step++) {
    const left = at - step >= start ? columns[at - step]! : 255
    const right = at + step < end ? columns[at + step]! : 255
    const closer = Math.min(left, right)
    const square = step * step + closer * closer
    if (square < best) best = square
  }
  return best
}

/** Distance to the nearest ink above or below; `reach + 1` where there is none within reach. */
function columnDistances(cover: Uint8Array, width: number, height: number, reach: number): Uint8Array {
  const far = reach + 1
  const distances = new Uint8Array(width * height)
  for (let at = 0; at < distances.length; at++) {
    const above = at < width ? far : distances[at - width]! + 1
    distances[at] = cover[at]! >= INK ? 0 : Math.min(far, above)
  }
  for (let at = distances.length - width - 1; at >= 0; at--) {
    const below = distances[at + width]! + 1
    if (below < distances[at]!) distances[at] = below
  }
  return distances
}
