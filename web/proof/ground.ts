// What a title stands on: the picture as a preset lays it out, on its background, with the same pixels as on the server but for rounding. Pure.
import type { Focus } from '../../src/original.ts'
import type { Preset } from '../../src/preset.ts'
import type { OutputFormat } from '../../src/preset-words.ts'
import { type Layout, layOut, type Size } from '../../src/render/geometry.ts'
import type { Picture } from '../../src/title/analysis.ts'
import { parseHex } from '../../src/title/colour.ts'
import { isOpaque, type Pixels, resample } from './resample.ts'

export interface Decoded {
  /** Of the file, as it is shown. */
  size: Size
  /** Halved as often as it could be; what is wanted has more than a quarter of these sides. */
  pixels: Pixels
}

export interface Ground {
  layout: Layout
  pixels: Pixels
  /** What the title must be read on. */
  views: Picture[]
}

export function groundOf(
  { size, pixels: picture }: Decoded,
  preset: Preset,
  format: OutputFormat,
  focus?: Focus,
): Ground {
  const layout = layOut(size, preset, focus)
  const cut = resample(picture, layout.scaled, layout.crop)
  const pixels = pad(cut, layout, preset.background, picture)
  if (format === 'jpeg') layUnder(pixels, colourBehind(preset.background))
  return { layout, pixels, views: seenThrough(pixels).map(pictureOf) }
}

/** What stands behind transparency in a format that has none; as in src/render/background.ts. */
const colourBehind = (background: Preset['background']) => (background.startsWith('#') ? background : '#ffffff')

function pad(cut: Pixels, { canvas, at }: Layout, background: Preset['background'], picture: Pixels): Pixels {
  if (cut.width === canvas.width && cut.height === canvas.height) return cut
  const base = background === 'blur' ? blurredCopy(picture, canvas) : solid(canvas, background)
  for (let y = 0; y < cut.height; y++) {
    const row = cut.data.subarray(4 * y * cut.width, 4 * (y + 1) * cut.width)
    const to = 4 * ((at.top + y) * canvas.width + at.left)
    if (background === 'blur') layRow(base.data, to, row)
    else base.data.set(row, to)
  }
  return base
}

function solid(canvas: Size, background: string): Pixels {
  const data = new Uint8ClampedArray(4 * canvas.width * canvas.height)
  if (background !== 'transparent') {
    const [red, green, blue] = parseHex(background)
    for (let at = 0; at < data.length; at += 4) data.set([red, green, blue, 255], at)
  }
  return { ...canvas, data }
}

/** One row of a picture over what stands there. */
function layRow(base: Uint8ClampedArray, start: number, row: Uint8ClampedArray): void {
  for (let from = 0, to = start; from < row.length; from += 4, to += 4) {
    const share = row[from + 3]! / 255
    for (let channel = 0; channel < 3; channel++)
      base[to + channel] = row[from + channel]! * share + base[to + channel]! * (1 - share)
  }
}

function layUnder({ data }: Pixels, colour: string): void {
  const behind = parseHex(colour)
  for (let at = 0; at < data.length; at += 4) {
    const share = data[at + 3]! / 255
    if (share === 1) continue
    for (let channel = 0; channel < 3; channel++)
      data[at + channel] = data[at + channel]! * share + behind[channel]! * (1 - share)
    data[at + 3] = 255
  }
}

/** The same pixels, as the title's modules take them. */
export const pictureOf = ({ data, width, height }: Pixels): Picture => ({
  data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  width,
  height,
  channels: 4,
})

/** Nobody knows on what a page shows a transparent picture, so it must do on white and on black. */
export function seenThrough(pixels: Pixels): Pixels[] {
  if (isOpaque(pixels)) return [pixels]
  return ['#ffffff', '#000000'].map((colour) => {
    const view = { ...pixels, data: new Uint8ClampedArray(pixels.data) }
    layUnder(view, colour)
    return view
  })
}

// The numbers of src/render/background.ts.
const BLUR_SHRINK = 8
const BLUR_SIGMA = 5
const BLUR_DIM = 0.7
/** libvips cuts the bell off where it falls below a fifth of its height. */
const BLUR_REACH = Math.floor(BLUR_SIGMA * Math.sqrt(2 * Math.log(5)))
const BELL = Array.from({ length: 2 * BLUR_REACH + 1 }, (_, at) =>
  Math.exp(-((at - BLUR_REACH) ** 2) / (2 * BLUR_SIGMA ** 2)),
)
const BELL_SUM = BELL.reduce((sum, weight) => sum + weight, 0)

function blurredCopy(picture: Pixels, canvas: Size): Pixels {
  const width = Math.ceil(canvas.width / BLUR_SHRINK)
  const height = Math.ceil(canvas.height / BLUR_SHRINK)
  const factor = Math.max(width / picture.width, height / picture.height)
  const scaled = {
    width: Math.max(width, Math.round(picture.width * factor)),
    height: Math.max(height, Math.round(picture.height * factor)),
  }
  const left = Math.round((scaled.width - width) / 2)
  const top = Math.round((scaled.height - height) / 2)
  const small = resample(picture, scaled, { left, top, width, height })
  layUnder(small, '#000000')
  const across = blurLines(small.data, height, width, 4 * width, 4)
  const blurred = blurLines(across, width, height, 4, 4 * width)
  for (let at = 0; at < blurred.length; at++) if (at % 4 !== 3) blurred[at]! *= BLUR_DIM
  return resample({ width, height, data: blurred }, canvas, { left: 0, top: 0, ...canvas })
}

function blurLines(from: Uint8ClampedArray, lines: number, length: number, lineStep: number, step: number) {
  const to = new Uint8ClampedArray(from.length)
  for (let line = 0; line < lines; line++)
    for (let index = 0; index < length; index++)
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0
        for (let tap = 0; tap < BELL.length; tap++) {
          const at = Math.min(length - 1, Math.max(0, index + tap - BLUR_REACH))
          sum += BELL[tap]! * from[line * lineStep + at * step + channel]!
        }
        to[line * lineStep + index * step + channel] = sum / BELL_SUM
      }
  return to
}
