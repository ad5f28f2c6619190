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

/** The mean of the square of `2 radius + 1` around each cell, of what of it lies inside. */
export function blurred(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  const grid = integral(values, width, height)
  const means = new Float32Array(width * height)
  for (let y = 0, cell = 0; y < height; y++) {
    const top = Math.max(0, y - radius)
    const bottom = Math.min(height, y + radius + 1)
    for (let x = 0; x < width; x++, cell++) {
      const left = Math.max(0, x - radius)
      const right = Math.min(width, x + radius + 1)
      means[cell] = sumOver(grid, left, top, right, bottom) / ((right - left) * (bottom - top))
    }
  }
  return means
}
