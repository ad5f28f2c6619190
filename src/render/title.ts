// The title step in Node: loads Skia and the fonts on first need, lays the title over raw pixels, and ships only what can be read.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { ThumbsmithError } from '../errors.ts'
import { type Focus, parseTitle } from '../original.ts'
import type { TitleStyle } from '../preset.ts'
import type { OutputFormat } from '../preset-words.ts'
import type { Patch } from '../title/dress.ts'
import { EFFORTS } from '../title/help.ts'
import { lastingPainter } from '../title/lasting.ts'
import { lay } from '../title/lay.ts'
import { isReadableSmall, reaches } from '../title/measure.ts'
import type { Painted, TitleBlock, TitlePainter } from '../title/title.ts'
import type { Encoded } from './encode.ts'
import { type Raw, sharpOf, toRaw } from './raw.ts'

const painter = lastingPainter(loadPainter)

/** Not loaded for presets without a title: Skia takes 100 ms and 30 MB. */
export async function loadPainter(): Promise<TitlePainter> {
  const { openTitlePainter } = await import('../title/title.ts')
  // An `import` of CommonJS reads it twice more: for its format, and for the names that it exports.
  const start = createRequire(import.meta.url)('canvaskit-wasm') as typeof import('canvaskit-wasm').default
  return openTitlePainter({ canvasKit: await start(), readFile: readPackageFile })
}

/** Loads what titles are drawn with while the picture is decoded. What goes wrong comes to light with the title. */
export function prepareTitles(): void {
  painter.ready().catch(() => {})
}

/** A file of an installed package, such as `@fontsource/anton/unicode.json`. It does not give way to other work meanwhile: to draw the title keeps the thread for longer. */
export async function readPackageFile(path: string): Promise<Uint8Array> {
  return readFileSync(fileURLToPath(import.meta.resolve(path)))
}

export interface Titling {
  /** `undefined` where the preset draws no title. */
  style: TitleStyle | undefined
  title: string
  focus: Focus | undefined
  format: OutputFormat
  /** What stands behind transparency in a format that has none: `#rrggbb`. */
  behind: string
}

type Encode = (frames: Raw[]) => Promise<Encoded>

/**
 * Encodes frames with the title on every one of them, if there is one. What comes out of `encode` is decoded and measured; where the codec
 * lost too much, it is drawn again, stronger. Throws `title.invalid`, `title.does_not_fit`, and `title.not_readable` where nothing helps.
 */
export async function encodeTitled(frames: Raw[], titling: Titling, encode: Encode): Promise<Encoded> {
  const { style, focus, format, behind } = titling
  const title = style ? parseTitle(titling.title) : ''
  if (!style || title === '') return encode(frames)
  const grounds = format === 'jpeg' ? await Promise.all(frames.map((frame) => flattened(frame, behind))) : frames
  const pictures = await seenThrough(grounds)
  const { missing, block } = await painter.set({ pictures, title, style, focus })
  const shipped = block ? (await shipReadable(block, grounds, encode)).rendered : await encode(frames)
  return { ...shipped, ...(missing.length > 0 && { missingCharacters: missing }) }
}

export interface Shipped {
  rendered: Encoded
  painted: Painted
}

/** Encodes what the title stands on with ever stronger help, until it can be read in what ships, and in that when it is shown small. */
export async function shipReadable(block: TitleBlock, grounds: Raw[], encode: Encode): Promise<Shipped> {
  let best = 0
  let target = 0
  /** Readable in the file; whether it is when shown small, too, more help decides. */
  let enough: Shipped | undefined
  for (const effort of EFFORTS) {
    const painted = block.paint(effort)
    const rendered = await encode(grounds.map((ground) => blend(ground, painted.patch)))
    const decoded = await seenThrough(await decodeShipped(rendered))
    const found = block.measure(decoded, painted)
    target = painted.help.target
    best = Math.max(best, Math.min(found.p5, found.worst))
    if (!reaches(found, target)) continue
    const shipped = { rendered: { ...rendered, title: block.report(painted, found, decoded) }, painted }
    if (isReadableSmall(found, target)) return shipped
    enough ??= shipped
  }
  if (enough) return enough
  throw new ThumbsmithError(
    'title.not_readable',
    `The title reaches a contrast of ${best.toFixed(1)} : 1 at best, and ${target.toFixed(1)} : 1 is asked for. Make the picture larger, choose other colours, or lower minContrast.`,
  )
}

/** The frames of an encoded picture. */
async function decodeShipped({ bytes, height, stills }: Encoded): Promise<Raw[]> {
  const open = (file: Uint8Array) => sharp(file, { animated: true, limitInputPixels: false }).toColourspace('srgb')
  if (stills) return Promise.all(stills.map((still) => toRaw(open(still))))
  const picture = await toRaw(open(bytes))
  const size = height * picture.width * picture.channels
  return Array.from({ length: picture.height / height }, (_, index) => ({
    ...picture,
    height,
    data: picture.data.subarray(index * size, (index + 1) * size),
  }))
}

/** Nobody knows on what a page shows a transparent picture, so it must do on white and on black. */
async function seenThrough(frames: Raw[]): Promise<Raw[]> {
  const views = await Promise.all(
    frames.map(async (frame) => {
      if (isOpaque(frame)) return [frame]
      return [await flattened(frame, '#ffffff'), await flattened(frame, '#000000')]
    }),
  )
  return views.flat()
}

function isOpaque({ data, channels }: Raw): boolean {
  if (channels === 3) return true
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false
  return true
}

async function flattened(frame: Raw, background: string): Promise<Raw> {
  return frame.channels === 3 ? frame : toRaw(sharpOf(frame).flatten({ background }))
}

/** Lays a patch over a copy of the picture. */
export function blend(picture: Raw, patch: Patch): Raw {
  const copy = { ...picture, data: Buffer.from(picture.data) }
  lay(copy, patch)
  return copy
}
