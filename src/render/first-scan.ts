// A progressive JPEG at an eighth of its size from its first scan alone: a tenth of the bytes, and none of the coefficients that libjpeg keeps.
import type { Size } from './geometry.ts'
import { type Header, readHeader } from './jpeg-header.ts'
import type { Raw } from './raw.ts'

/** The sides of the picture that the first scan holds: one pixel for each block of 8 x 8. */
export const FIRST_SCAN_SHRINK = 8

const END_OF_IMAGE = Buffer.from('ffd9', 'hex')

/** ITU-T T.81: the codes of this length and below, for every possible next 16 bits. */
type Codes = Int32Array

interface Plane {
  data: Uint8ClampedArray
  /** Blocks a row, whole MCUs. */
  width: number
  height: number
  /** Blocks an MCU. */
  across: number
  down: number
  codes: Codes
  /** What one step of the coefficient is worth in the picture. */
  step: number
}

/**
 * Decodes the DC coefficients (the means of the blocks) of all components. The pixels are as stored: not upright yet.
 * `undefined` where the file is no such progressive JPEG, or its first scan is damaged: then libjpeg decides.
 */
export function decodeFirstScan(bytes: Uint8Array): Raw | undefined {
  const header = readHeader(bytes)
  if (!header) return undefined
  const across = Math.max(...header.components.map((component) => component.across))
  const down = Math.max(...header.components.map((component) => component.down))
  const units = {
    width: Math.ceil(header.width / (8 * across)),
    height: Math.ceil(header.height / (8 * down)),
  }
  const planes = header.components.map((component): Plane => {
    const width = units.width * component.across
    const height = units.height * component.down
    return {
      data: new Uint8ClampedArray(width * height),
      width,
      height,
      across: component.across,
      down: component.down,
      codes: codesOf(component.lengths, component.symbols),
      step: (component.quantizer << header.shift) / 8,
    }
  })
  if (!readPlanes(bytes, header, units, planes)) return undefined
  const size = { width: Math.ceil(header.width / 8), height: Math.ceil(header.height / 8) }
  const [luma, blue, red] = planes
  return { ...size, channels: 3, data: blue && red ? toRgb(size, luma!, blue, red) : greyToRgb(size, luma!) }
}

function codesOf(lengths: Uint8Array, symbols: Uint8Array): Codes {
  const codes = new Int32Array(65_536).fill(-1)
  let code = 0
  let next = 0
  for (let length = 1; length <= 16; length++) {
    for (let n = 0; n < lengths[length - 1]!; n++) {
      const from = code << (16 - length)
      codes.fill((length << 8) | symbols[next]!, from, from + (1 << (16 - length)))
      code++
      next++
    }
    code <<= 1
  }
  return codes
}

/** The entropy-coded bits: `false` where a code is none, or the bytes end before the scan does. */
function readPlanes(bytes: Uint8Array, header: Header, units: Size, planes: Plane[]): boolean {
  let position = header.scanStart
  let bits = 0
  let count = 0
  let padding = 0
  let untilRestart = header.restartInterval
  const predictions = planes.map(() => 0)

  const fill = (wanted: number) => {
    while (count < wanted) {
      let byte = bytes[position] ?? 0xff
      if (byte === 0xff && bytes[position + 1] !== 0) {
        byte = 0
        padding++
      } else position += byte === 0xff ? 2 : 1
      bits = (bits << 8) | byte
      count += 8
    }
  }

  /** T.81, E.1.4: byte-aligned, RST0 to RST7 in turn; predictions begin anew. */
  const restart = (): boolean => {
    if (bytes[position] !== 0xff || (bytes[position + 1]! & 0xf8) !== 0xd0) return false
    position += 2
    bits = 0
    count = 0
    padding = 0
    predictions.fill(0)
    untilRestart = header.restartInterval
    return true
  }

  for (let y = 0; y < units.height; y++)
    for (let x = 0; x < units.width; x++) {
      if (header.restartInterval > 0 && untilRestart-- === 0) {
        if (!restart()) return false
        untilRestart--
      }
      for (const [index, plane] of planes.entries())
        for (let v = 0; v < plane.down; v++)
          for (let h = 0; h < plane.across; h++) {
            fill(16)
            const code = plane.codes[(bits >>> (count - 16)) & 0xffff]!
            if (code < 0) return false
            count -= code >> 8
            const category = code & 0xff
            if (category > 15) return false
            if (category > 0) {
              fill(category)
              count -= category
              const value = (bits >>> count) & ((1 << category) - 1)
              predictions[index]! += value < 1 << (category - 1) ? value - (1 << category) + 1 : value
            }
            // Bits made up for a scan that has ended may be looked at, but never used.
            if (8 * padding > count) return false
            const at = (y * plane.down + v) * plane.width + x * plane.across + h
            plane.data[at] = predictions[index]! * plane.step + 128
          }
    }
  // A file that was cut off later has its first scan, yet it is damaged.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf(END_OF_IMAGE) >= position
}

function greyToRgb({ width, height }: Size, luma: Plane): Buffer {
  const data = Buffer.allocUnsafe(width * height * 3)
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 3) data.fill(luma.data[y * luma.width + x]!, to, to + 3)
  return data
}

/** JFIF: YCbCr by ITU-R BT.601 in the full range; colour is interpolated where it has fewer samples. */
function toRgb({ width, height }: Size, luma: Plane, blue: Plane, red: Plane): Buffer {
  const data = Buffer.allocUnsafe(width * height * 3)
  const [scaleX, scaleY] = [blue.across / luma.across, blue.down / luma.down]
  const columns = Array.from({ length: width }, (_, x) => neighbours(x, scaleX, Math.ceil(width * scaleX)))
  let to = 0
  for (let y = 0; y < height; y++) {
    const row = neighbours(y, scaleY, Math.ceil(height * scaleY))
    const above = row.first * blue.width
    const below = row.second * blue.width
    for (let x = 0; x < width; x++, to += 3) {
      const column = columns[x]!
      const mixed = (plane: Uint8ClampedArray) => {
        const upper = plane[above + column.first]! * (1 - column.share) + plane[above + column.second]! * column.share
        const lower = plane[below + column.first]! * (1 - column.share) + plane[below + column.second]! * column.share
        return upper * (1 - row.share) + lower * row.share - 128
      }
      const light = luma.data[y * luma.width + x]!
      const [cb, cr] = [mixed(blue.data), mixed(red.data)]
      data[to] = clamp(light + 1.402 * cr)
      data[to + 1] = clamp(light - 0.344136 * cb - 0.714136 * cr)
      data[to + 2] = clamp(light + 1.772 * cb)
    }
  }
  return data
}

/** Between which two samples a pixel's middle lies, and how near the second. */
function neighbours(pixel: number, scale: number, samples: number) {
  const at = Math.max(0, (pixel + 0.5) * scale - 0.5)
  const first = Math.min(Math.floor(at), samples - 1)
  return { first, second: Math.min(first + 1, samples - 1), share: at - Math.floor(at) }
}

const clamp = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : Math.round(value))
