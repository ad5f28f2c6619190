// Structural similarity of two pictures within a box (Wang 2004): luma, windows of 8 x 8 pixels, half of each shared with the next.
import sharp from 'sharp'

export interface Box {
  left: number
  top: number
  width: number
  height: number
}

const WINDOW = 8
const STRIDE = 4
const C1 = (0.01 * 255) ** 2
const C2 = (0.03 * 255) ** 2

async function lumaOf(bytes: Uint8Array, box: Box): Promise<Float64Array> {
  const { data } = await sharp(bytes).removeAlpha().extract(box).raw().toBuffer({ resolveWithObject: true })
  return Float64Array.from(
    { length: data.length / 3 },
    (_, pixel) => 0.299 * data[3 * pixel]! + 0.587 * data[3 * pixel + 1]! + 0.114 * data[3 * pixel + 2]!,
  )
}

/** 1 is the same. */
export async function ssim(one: Uint8Array, other: Uint8Array, box: Box): Promise<number> {
  const [a, b] = await Promise.all([lumaOf(one, box), lumaOf(other, box)])
  let sum = 0
  let windows = 0
  for (let y = 0; y + WINDOW <= box.height; y += STRIDE)
    for (let x = 0; x + WINDOW <= box.width; x += STRIDE, windows++)
      sum += similarity(a, b, y * box.width + x, box.width)
  return sum / windows
}

function similarity(a: Float64Array, b: Float64Array, start: number, stride: number): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0]
  for (let row = 0; row < WINDOW; row++)
    for (let at = start + row * stride, end = at + WINDOW; at < end; at++) {
      sumA += a[at]!
      sumB += b[at]!
      squaresA += a[at]! ** 2
      squaresB += b[at]! ** 2
      products += a[at]! * b[at]!
    }
  const count = WINDOW * WINDOW
  const [meanA, meanB] = [sumA / count, sumB / count]
  const [varianceA, varianceB] = [squaresA / count - meanA ** 2, squaresB / count - meanB ** 2]
  const covariance = products / count - meanA * meanB
  return (
    ((2 * meanA * meanB + C1) * (2 * covariance + C2)) / ((meanA ** 2 + meanB ** 2 + C1) * (varianceA + varianceB + C2))
  )
}

/** The box around all pixels of two pictures of one size that differ: a title, where one has it and the other has not. */
export async function boxOfDifference(one: Uint8Array, other: Uint8Array): Promise<Box> {
  const [a, b] = await Promise.all(
    [one, other].map((bytes) => sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })),
  )
  const { width, height } = a!.info
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let at = 0; at < a!.data.length; at++) {
    // JPEG rings a little around the letters.
    if (Math.abs(a!.data[at]! - b!.data[at]!) < 24) continue
    const pixel = Math.floor(at / 3)
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    left = Math.min(left, x)
    right = Math.max(right, x + 1)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y + 1)
  }
  return { left, top, width: right - left, height: bottom - top }
}
