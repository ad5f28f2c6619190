// Pictures made smaller or larger as libvips does it on the server, so that what is shown before the upload is what comes out after it. Pure.
import type { Rect, Size } from '../../src/render/geometry.ts'

/** Four channels, straight alpha, row by row. */
export interface Pixels extends Size {
  data: Uint8ClampedArray<ArrayBuffer>
}

/** The part `crop` of the picture at `scaled` size. Lanczos with three lobes where it shrinks, Catmull-Rom where it grows. */
export function resample(source: Pixels, scaled: Size, crop: Rect): Pixels {
  const across = weigh(source.width, scaled.width, crop.left, crop.width)
  const down = weigh(source.height, scaled.height, crop.top, crop.height)
  const opaque = isOpaque(source)
  const data = opaque ? source.data : premultiplied(source.data)
  const out = new Uint8ClampedArray(4 * crop.width * crop.height)
  const stride = 4 * source.width
  const line = new Float32Array(stride)
  for (let y = 0; y < crop.height; y++) {
    line.fill(0)
    for (let tap = 0; tap < down.taps; tap++) {
      const weight = down.weights[y * down.taps + tap]!
      if (weight !== 0) addRow(line, data, stride * clamp(down.first[y]! + tap, source.height), weight)
    }
    shrinkRow(line, source.width, across, out, 4 * y * crop.width, crop.width)
  }
  if (!opaque) divideByAlpha(out)
  return { data: out, width: crop.width, height: crop.height }
}

const clamp = (at: number, length: number) => Math.min(length - 1, Math.max(0, at))

function addRow(line: Float32Array, data: Uint8ClampedArray, start: number, weight: number): void {
  for (let at = 0; at < line.length; at++) line[at]! += weight * data[start + at]!
}

function shrinkRow(
  line: Float32Array,
  columns: number,
  { first, weights, taps }: Weights,
  out: Uint8ClampedArray,
  start: number,
  width: number,
): void {
  for (let x = 0, to = start; x < width; x++, to += 4) {
    let red = 0
    let green = 0
    let blue = 0
    let alpha = 0
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[x * taps + tap]!
      const at = 4 * clamp(first[x]! + tap, columns)
      red += weight * line[at]!
      green += weight * line[at + 1]!
      blue += weight * line[at + 2]!
      alpha += weight * line[at + 3]!
    }
    out[to] = red
    out[to + 1] = green
    out[to + 2] = blue
    out[to + 3] = alpha
  }
}

interface Weights {
  /** For each pixel the first one of the source that it takes from, and how much of each from there on. */
  first: Int32Array
  weights: Float32Array
  taps: number
}

function weigh(length: number, scaledLength: number, start: number, count: number): Weights {
  const step = length / scaledLength
  const stretch = Math.max(1, step)
  const [kernel, reach] = step > 1 ? [lanczos3, 3] : [catmullRom, 2]
  const taps = Math.ceil(2 * reach * stretch) + 1
  const first = new Int32Array(count)
  const weights = new Float32Array(taps * count)
  for (let pixel = 0; pixel < count; pixel++) {
    // Where it enlarges, libvips leaves out the half pixel of the target.
    const centre = (start + pixel + (step < 1 ? 0 : 0.5)) * step - 0.5
    const from = Math.ceil(centre - reach * stretch)
    first[pixel] = from
    const own = weights.subarray(taps * pixel, taps * (pixel + 1))
    for (let tap = 0; tap < taps; tap++) own[tap] = kernel((from + tap - centre) / stretch)
    const sum = own.reduce((total, weight) => total + weight, 0)
    for (let tap = 0; tap < taps; tap++) own[tap]! /= sum
  }
  return { first, weights, taps }
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))
const lanczos3 = (x: number) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0)

function catmullRom(at: number): number {
  const x = Math.abs(at)
  if (x >= 2) return 0
  return x < 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2
}

export function isOpaque({ data }: Pick<Pixels, 'data'>): boolean {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false
  return true
}

/** Else colours that nobody sees would bleed into those next to them. */
function premultiplied(data: Uint8ClampedArray): Uint8ClampedArray {
  const weighed = new Uint8ClampedArray(data)
  for (let at = 0; at < weighed.length; at += 4)
    for (let channel = 0; channel < 3; channel++) weighed[at + channel] = (data[at + channel]! * data[at + 3]!) / 255
  return weighed
}

function divideByAlpha(data: Uint8ClampedArray): void {
  for (let at = 0; at < data.length; at += 4)
    for (let channel = 0; channel < 3; channel++)
      data[at + channel] = data[at + 3] === 0 ? 0 : (255 * data[at + channel]!) / data[at + 3]!
}
