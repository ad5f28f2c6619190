// Numbers on a grid: sums over any rectangle at once (summed-area tables), and means around each cell. Pure.

/** Sums from the top left corner; one row and one column more than the grid. */
export interface Grid {
  sums: Float64Array
  stride: number
}

export function integral(values: Float32Array, width: number, height: number): Grid {
  const stride = width + 1
  const sums = new Float64Array(stride * (height + 1))
  for (let y = 0, cell = 0; y < height; y++) {
    let row = 0
    for (let x = 0, at = (y + 1) * stride + 1; x < width; x++, at++, cell++) {
      row += values[cell]!
      sums[at] = sums[at - stride]! + row
    }
  }
  return { sums, stride }
}

/** The sum of the cells from `left`, `top` up to, and without, `right`, `bottom`. */
export function sumOver({ sums, stride }: Grid, left: number, top: number, right: number, bottom: number): number {
  return (
    sums[bottom * stride + right]! -
    sums[top * stride + right]! -
    sums[bottom * stride + left]! +
    sums[top * stride + left]!
  )
}

export interface Size {
  width: number
  height: number
}

/** Makes a line of one grid from that of another: `length` cells from `start` on, `step` apart. */
export type LineFilter = (
  from: Float32Array,
  to: Float32Array,
  start: number,
  length: number,
  step: number,
  radius: number,
) => void

/** Rows, by way of `spare`, then columns; `to` may be `from`. */
export function filtered(
  filter: LineFilter,
  from: Float32Array,
  spare: Float32Array,
  to: Float32Array,
  { width, height }: Size,
  across: number,
  down = across,
): void {
  for (let y = 0; y < height; y++) filter(from, spare, y * width, width, 1, across)
  for (let x = 0; x < width; x++) filter(spare, to, x, height, width, down)
}

let spare = new Float32Array(0)

/** The mean of the square of `2 radius + 1` around each cell, of what of it lies inside. */
export function blurred(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  if (spare.length < values.length) spare = new Float32Array(values.length)
  const means = new Float32Array(values.length)
  filtered(meanLine, values, spare, means, { width, height }, radius)
  return means
}

const meanLine: LineFilter = (from, to, start, length, step, radius) => {
  let sum = 0
  let count = Math.min(radius, length)
  for (let index = 0; index < count; index++) sum += from[start + step * index]!
  for (let index = 0, at = start; index < length; index++, at += step) {
    if (index + radius < length) {
      sum += from[at + step * radius]!
      count++
    }
    if (index > radius) {
      sum -= from[at - step * (radius + 1)]!
      count--
    }
    to[at] = sum / count
  }
}
