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

let rows = new Float32Array(0)

/** The mean of the square of `2 radius + 1` around each cell, of what of it lies inside. */
export function blurred(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  if (rows.length < values.length) rows = new Float32Array(values.length)
  const means = new Float32Array(values.length)
  for (let y = 0; y < height; y++) meanLine(values, rows, y * width, width, 1, radius)
  for (let x = 0; x < width; x++) meanLine(rows, means, x, height, width, radius)
  return means
}

function meanLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  length: number,
  step: number,
  radius: number,
): void {
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
