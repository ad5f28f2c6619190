// The title step in Node: loads Skia and the fonts from node_modules on first need, and blends the drawn title over raw pixels.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Preset, titleStyleOf } from '../preset.ts'
import type { DrawnTitle, TitlePainter } from '../title/title.ts'
import type { Raw } from './raw.ts'

let painter: Promise<TitlePainter> | undefined

/** Not loaded for presets without a title: Skia takes 100 ms and 30 MB. */
async function loadPainter(): Promise<TitlePainter> {
  const [{ default: canvasKit }, { openTitlePainter }] = await Promise.all([
    import('canvaskit-wasm'),
    import('../title/title.ts'),
  ])
  return openTitlePainter({ canvasKit: await canvasKit.default(), readFile: readPackageFile })
}

/** A file of an installed package, such as `@fontsource/anton/unicode.json`. */
export async function readPackageFile(path: string): Promise<Uint8Array> {
  return readFile(fileURLToPath(import.meta.resolve(path)))
}

/** Draws the title on every frame, if the preset asks for one. Throws `title.does_not_fit`. */
export async function drawTitleOn(
  frames: Raw[],
  preset: Preset,
  title: string,
): Promise<{ frames: Raw[]; missingCharacters: string[] }> {
  const style = titleStyleOf(preset)
  const [first] = frames
  if (!style || title === '' || !first) return { frames, missingCharacters: [] }
  painter ??= loadPainter()
  const { width, height } = first
  const { patch, missing } = await (await painter).draw({ width, height, title, style })
  return { frames: patch ? frames.map((frame) => blend(frame, patch)) : frames, missingCharacters: missing }
}

/** Lays a patch with premultiplied alpha over a copy of the picture (Porter and Duff, "over"). */
export function blend(picture: Raw, patch: NonNullable<DrawnTitle['patch']>): Raw {
  const { width, channels } = picture
  const data = Buffer.from(picture.data)
  const blendPixel = channels === 3 ? overOpaque : overStraight
  for (let row = 0; row < patch.height; row++) {
    let from = 4 * row * patch.width
    let to = channels * ((patch.y + row) * width + patch.x)
    for (let column = 0; column < patch.width; column++, from += 4, to += channels)
      if (patch.pixels[from + 3] !== 0) blendPixel(data, to, patch.pixels, from)
  }
  return { ...picture, data }
}

function overOpaque(data: Buffer, to: number, ink: Uint8Array, from: number): void {
  const rest = 255 - ink[from + 3]!
  for (let channel = 0; channel < 3; channel++)
    data[to + channel] = Math.round(ink[from + channel]! + (data[to + channel]! * rest) / 255)
}

/** The picture's own alpha is straight, so its colours are weighed by it. */
function overStraight(data: Buffer, to: number, ink: Uint8Array, from: number): void {
  const alpha = ink[from + 3]!
  const under = data[to + 3]! * (1 - alpha / 255)
  const total = alpha + under
  for (let channel = 0; channel < 3; channel++)
    data[to + channel] = Math.round((ink[from + channel]! * 255 + data[to + channel]! * under) / total)
  data[to + 3] = Math.round(total)
}
