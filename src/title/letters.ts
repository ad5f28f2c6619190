// The letters as pixels: drawn once by Skia, cut to what they need around them, and which pixel belongs to which letter.
import type { CanvasKit, ColorType, Paragraph } from 'canvaskit-wasm'
import { type Rect, squaredDistances } from './distance.ts'
import type { Fonts, Run } from './fonts.ts'
import { edgeOf, marginOf, type Placement, sideAcross, sideDown } from './place.ts'
import { buildParagraph } from './typeset.ts'

/** A part of the picture that holds the letters and all that may be put behind them. */
export interface Letters {
  /** Top left corner in the picture, and size; pixels. */
  x: number
  y: number
  width: number
  height: number
  /** Of the picture: how far apart its rows are. */
  pictureWidth: number
  /** What letters cover of the region. */
  ink: Rect
  /** Letter size in pixels. */
  size: number
  /** How much of each pixel the letters cover, 0 to 255; emoji count with the border that sets them off. */
  cover: Uint8Array
  /** Emoji in their own colours, RGBA premultiplied; they lie on top. */
  emoji: Uint8Array | undefined
  lines: LetterLine[]
}

/** One line's letters, from left to right. */
export interface LetterLine {
  /** Row at which the next line's letters begin. */
  bottom: number
  /** Columns at which the next letter begins. */
  ends: number[]
}

/** The ink and what lies around it, as far as it belongs to the region. */
export function around({ ink, width, height }: Letters, reach: number): Rect {
  const x = Math.max(0, ink.x - reach)
  const y = Math.max(0, ink.y - reach)
  return {
    x,
    y,
    width: Math.min(width, ink.x + ink.width + reach) - x,
    height: Math.min(height, ink.y + ink.height + reach) - y,
  }
}

/** Letters may stand out of their lines by this much: marks above and below, swashes. */
const OVERHANG = 0.6
/** How far glows and outlines reach beyond the letters. */
export const reachOf = (size: number) => Math.ceil(0.62 * size + 6)
/** Emoji get a border of the letters' colour: it is what sets them off, whatever colours they have. */
const STICKER = 0.05
/** The descent of one line and the ascent of the next meet here below the baseline, as a share of the way from line to line. */
const LINE_SPLIT = 0.22

/** `undefined` where the letters leave no ink. `picture` is the size of what they stand on. */
export function drawLetters(
  canvasKit: CanvasKit,
  fonts: Fonts,
  runs: Run[],
  placement: Placement,
  picture: { width: number; height: number },
): Letters | undefined {
  const { size, shape, align } = placement
  const kept: { delete(): void }[] = []
  const keep = <T extends { delete(): void }>(object: T): T => {
    kept.push(object)
    return object
  }
  try {
    const white = keep(new canvasKit.Paint())
    white.setAntiAlias(true)
    white.setColor(canvasKit.WHITE)
    const none = keep(new canvasKit.Paint())
    none.setColor(canvasKit.TRANSPARENT)
    const { Left, Right, Center } = canvasKit.TextAlign
    const lay = (what: 'letters' | 'emoji') => {
      const paint = { letters: what === 'letters' ? white : none, emoji: what === 'emoji' ? white : none, behind: none }
      const options = {
        align: { left: Left, right: Right, center: Center }[align],
        size,
        maxLines: shape.truncated ? shape.lines : undefined,
        paint,
      }
      const paragraph = keep(buildParagraph(canvasKit, fonts, runs, options))
      paragraph.layout(Math.ceil(shape.width * size) + (shape.truncated ? 0 : 1))
      return paragraph
    }
    const letters = lay('letters')
    const margin = Math.ceil(OVERHANG * size)
    const canvas = {
      width: Math.ceil(shape.width * size) + 2 * margin + 2,
      height: Math.ceil(letters.getHeight()) + 2 * margin,
    }
    const { Alpha_8, RGBA_8888 } = canvasKit.ColorType
    const words = draw(canvasKit, letters, canvas, margin, { colorType: Alpha_8, channels: 1 })
    const hasEmoji = runs.some(({ face }) => face.emoji)
    const emoji = hasEmoji
      ? draw(canvasKit, lay('emoji'), canvas, margin, { colorType: RGBA_8888, channels: 4 })
      : undefined
    const cover = coverOf(words, emoji, canvas, Math.max(2, Math.round(STICKER * size)))
    const ink = inkOf(cover, canvas)
    if (!ink) return undefined
    return cut(cover, emoji, canvas, ink, linesOf(letters, margin), placement, picture)
  } finally {
    for (const object of kept.reverse()) object.delete()
  }
}

interface Size {
  width: number
  height: number
}

/** Straight into memory of ours: to read a surface back would take longer than to draw it. */
function draw(
  canvasKit: CanvasKit,
  paragraph: Paragraph,
  { width, height }: Size,
  margin: number,
  { colorType, channels }: { colorType: ColorType; channels: number },
): Uint8Array {
  const memory = canvasKit.Malloc(Uint8Array, channels * width * height)
  const info = {
    width,
    height,
    colorType,
    alphaType: canvasKit.AlphaType.Premul,
    colorSpace: canvasKit.ColorSpace.SRGB,
  }
  const surface = canvasKit.MakeRasterDirectSurface(info, memory, channels * width)
  try {
    if (!surface) throw new Error(`no surface of ${width} x ${height} pixels for the title`)
    const canvas = surface.getCanvas()
    canvas.clear(canvasKit.TRANSPARENT)
    canvas.drawParagraph(paragraph, margin, margin)
    surface.flush()
    return (memory.toTypedArray() as Uint8Array).slice()
  } finally {
    surface?.delete()
    canvasKit.Free(memory)
  }
}

/** Letters, and emoji with their border. */
function coverOf(words: Uint8Array, emoji: Uint8Array | undefined, { width, height }: Size, border: number) {
  if (!emoji) return words
  const shapes = new Uint8Array(width * height)
  for (let pixel = 0, at = 3; pixel < shapes.length; pixel++, at += 4) shapes[pixel] = emoji[at]!
  const squares = squaredDistances(shapes, width, { x: 0, y: 0, width, height }, border + 1)
  for (let pixel = 0; pixel < words.length; pixel++) {
    const square = squares[pixel]!
    if (square > (border + 1) ** 2) continue
    const edge = Math.min(1, border + 0.5 - Math.sqrt(square))
    if (edge > 0) words[pixel] = Math.max(words[pixel]!, Math.round(255 * edge))
  }
  return words
}

function inkOf(cover: Uint8Array, { width, height }: Size): Rect | undefined {
  const isBare = (y: number) => {
    for (let at = y * width; at < (y + 1) * width; at++) if (cover[at] !== 0) return false
    return true
  }
  let top = 0
  while (top < height && isBare(top)) top++
  if (top === height) return undefined
  let bottom = height - 1
  while (isBare(bottom)) bottom--
  let left = width
  let right = -1
  // Of each row only what lies outside the ink so far.
  for (let y = top; y <= bottom; y++) {
    const start = y * width
    for (let x = 0; x < left; x++) if (cover[start + x] !== 0) left = x
    for (let x = width - 1; x > right; x--) if (cover[start + x] !== 0) right = x
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}

/** Where lines and letters end, on the canvas. A letter is what the shaper keeps together: a cluster. */
function linesOf(paragraph: Paragraph, margin: number): LetterLine[] {
  const shaped = paragraph.getShapedLines()
  return shaped.map(({ baseline, runs }, index) => {
    const pitch = (shaped[index + 1]?.baseline ?? Number.POSITIVE_INFINITY) - baseline
    const starts = new Set<number>()
    let last = -1
    for (const { glyphs, positions, offsets } of runs)
      for (let glyph = 0; glyph < glyphs.length; glyph++) {
        if (offsets[glyph] !== last) starts.add(Math.round(positions[2 * glyph]!))
        last = offsets[glyph]!
      }
    const ends = [...starts].sort((one, other) => one - other).slice(1)
    return { bottom: margin + baseline + LINE_SPLIT * pitch, ends: ends.map((end) => margin + end) }
  })
}

/** Moves the ink to where it belongs, by its own edges and not by its lines', so that the free space looks the same on all sides. */
function cut(
  cover: Uint8Array,
  emoji: Uint8Array | undefined,
  canvas: Size,
  ink: Rect,
  lines: LetterLine[],
  { size, position }: Placement,
  picture: Size,
): Letters {
  const margin = marginOf(picture)
  const left = Math.round(edgeOf(picture.width, ink.width, margin, sideAcross(position)))
  const top = Math.round(edgeOf(picture.height, ink.height, margin, sideDown(position)))
  const reach = reachOf(size)
  const x = Math.max(0, left - reach)
  const y = Math.max(0, top - reach)
  const width = Math.min(picture.width, left + ink.width + reach) - x
  const height = Math.min(picture.height, top + ink.height + reach) - y
  /** From the canvas to the region. */
  const [dx, dy] = [left - ink.x - x, top - ink.y - y]
  const region = { cover: new Uint8Array(width * height), emoji: emoji && new Uint8Array(4 * width * height) }
  const to = Math.min(ink.x + ink.width, width - dx)
  for (let row = ink.y; row < ink.y + ink.height && row + dy < height; row++) {
    const start = row * canvas.width
    const target = (row + dy) * width + ink.x + dx
    region.cover.set(cover.subarray(start + ink.x, start + to), target)
    if (emoji) region.emoji!.set(emoji.subarray(4 * (start + ink.x), 4 * (start + to)), 4 * target)
  }
  return {
    ...{ x, y, width, height, size, ...region },
    pictureWidth: picture.width,
    ink: {
      x: ink.x + dx,
      y: ink.y + dy,
      width: to - ink.x,
      height: Math.min(ink.height, height - dy - ink.y),
    },
    lines: lines.map(({ bottom, ends }) => ({ bottom: bottom + dy, ends: ends.map((end) => end + dx) })),
  }
}
