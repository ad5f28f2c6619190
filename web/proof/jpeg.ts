// What JPEG leaves of a picture: its loss without its file, by the server's own tables, which no browser's encoder can be told. Pure.
import type { Pixels } from './resample.ts'

/** N. Robidoux's table, for light and colour alike: number 3 of mozjpeg, as in src/render/encode.ts. */
const BASE = [
  16, 16, 16, 18, 25, 37, 56, 85, 16, 17, 20, 27, 34, 40, 53, 75, 16, 20, 24, 31, 43, 62, 91, 135, 18, 27, 31, 40, 53,
  74, 106, 156, 25, 34, 43, 53, 69, 94, 131, 189, 37, 40, 62, 74, 94, 124, 169, 238, 56, 53, 91, 106, 131, 169, 226,
  311, 85, 75, 135, 156, 189, 238, 311, 418,
]

/** libjpeg's rule for every table. */
export function tableFor(quality: number): Float32Array {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality
  return Float32Array.from(BASE, (value) => Math.min(255, Math.max(1, Math.floor((value * scale + 50) / 100))))
}

/** One channel, its sides multiples of eight. */
interface Plane {
  width: number
  height: number
  values: Float32Array
}

const SIDE = 8
const blocks = (length: number) => SIDE * Math.ceil(length / SIDE)
const plane = (width: number, height: number): Plane => ({
  width: blocks(width),
  height: blocks(height),
  values: new Float32Array(blocks(width) * blocks(height)),
})

/** The picture as it comes out of an opaque JPEG with half the colour resolution (4:2:0). */
export function throughJpeg(picture: Pixels, quality: number): Pixels {
  const { width, height } = picture
  const table = tableFor(quality)
  const light = lightOf(picture)
  const colours = [0, 1].map((axis) => colourOf(picture, axis))
  for (const one of [light, ...colours]) lose(one, table)
  const [blue, red] = colours as [Plane, Plane]
  const data = new Uint8ClampedArray(4 * width * height)
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 4) {
      const luma = light.values[y * light.width + x]! + 128
      const cb = enlarged(blue, x, y)
      const cr = enlarged(red, x, y)
      data[at] = luma + 1.402 * cr
      data[at + 1] = luma - 0.344136 * cb - 0.714136 * cr
      data[at + 2] = luma + 1.772 * cb
      data[at + 3] = 255
    }
  return { width, height, data }
}

function lightOf({ data, width, height }: Pixels): Plane {
  const light = plane(width, height)
  for (let y = 0, to = 0; y < light.height; y++)
    for (let x = 0; x < light.width; x++, to++) {
      // Beside the picture its last pixels go on.
      const at = 4 * (Math.min(y, height - 1) * width + Math.min(x, width - 1))
      light.values[to] = Math.round(0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!) - 128
    }
  return light
}

const AXES = [
  [-0.168736, -0.331264, 0.5],
  [0.5, -0.418688, -0.081312],
] as const

/** The mean of each four pixels. */
function colourOf({ data, width, height }: Pixels, axis: number): Plane {
  const [r, g, b] = AXES[axis]!
  const colour = plane(Math.ceil(width / 2), Math.ceil(height / 2))
  const valueAt = (x: number, y: number) => {
    const at = 4 * (Math.min(y, height - 1) * width + Math.min(x, width - 1))
    return r * data[at]! + g * data[at + 1]! + b * data[at + 2]!
  }
  for (let y = 0, to = 0; y < colour.height; y++)
    for (let x = 0; x < colour.width; x++, to++) {
      const sum = valueAt(2 * x, 2 * y) + valueAt(2 * x + 1, 2 * y) + valueAt(2 * x, 2 * y + 1)
      colour.values[to] = (sum + valueAt(2 * x + 1, 2 * y + 1)) / 4
    }
  return colour
}

/** Three parts of the nearest value, one of the next, both ways: libjpeg's "fancy upsampling". */
function enlarged({ values, width, height }: Plane, x: number, y: number): number {
  const [column, row] = [x >> 1, y >> 1]
  const beside = Math.min(width - 1, Math.max(0, column + (x & 1 ? 1 : -1)))
  const below = width * Math.min(height - 1, Math.max(0, row + (y & 1 ? 1 : -1)))
  const line = width * row
  return (
    (9 * values[line + column]! + 3 * (values[line + beside]! + values[below + column]!) + values[below + beside]!) / 16
  )
}

/** The cosines of the transform: frequency by frequency, each over the eight places. */
const COSINES = Float32Array.from({ length: SIDE * SIDE }, (_, at) => {
  const [frequency, place] = [at >> 3, at & 7]
  return (frequency === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * place + 1) * frequency * Math.PI) / (2 * SIDE))
})
const TURNED = COSINES.map((_, at) => COSINES[SIDE * (at & 7) + (at >> 3)]!)

function lose({ values, width, height }: Plane, table: Float32Array): void {
  const block = new Float32Array(SIDE * SIDE)
  const half = new Float32Array(SIDE * SIDE)
  for (let top = 0; top < height; top += SIDE)
    for (let left = 0; left < width; left += SIDE) {
      for (let row = 0; row < SIDE; row++) {
        const start = (top + row) * width + left
        block.set(values.subarray(start, start + SIDE), SIDE * row)
      }
      transform(block, half, COSINES)
      for (let at = 0; at < block.length; at++) block[at] = Math.round(block[at]! / table[at]!) * table[at]!
      transform(block, half, TURNED)
      for (let row = 0; row < SIDE; row++)
        values.set(block.subarray(SIDE * row, SIDE * (row + 1)), (top + row) * width + left)
    }
}

/** Rows, then columns; in place. */
function transform(block: Float32Array, half: Float32Array, cosines: Float32Array): void {
  multiply(block, half, cosines)
  multiply(half, block, cosines)
}

/** The product of the matrix and each row, turned on its side. */
function multiply(from: Float32Array, to: Float32Array, cosines: Float32Array): void {
  for (let row = 0; row < SIDE; row++) {
    const start = SIDE * row
    const a = from[start]!
    const b = from[start + 1]!
    const c = from[start + 2]!
    const d = from[start + 3]!
    const e = from[start + 4]!
    const f = from[start + 5]!
    const g = from[start + 6]!
    const h = from[start + 7]!
    for (let line = 0, at = 0; line < SIDE; line++, at += SIDE)
      to[SIDE * line + row] =
        a * cosines[at]! +
        b * cosines[at + 1]! +
        c * cosines[at + 2]! +
        d * cosines[at + 3]! +
        e * cosines[at + 4]! +
        f * cosines[at + 5]! +
        g * cosines[at + 6]! +
        h * cosines[at + 7]!
  }
}
