// Sets a title: for each number of lines, how narrow it can be; and a cut one where nothing fits.
import type { CanvasKit, Paint, Paragraph, ParagraphStyle, TextAlign } from 'canvaskit-wasm'
import type { Fonts, Run } from './fonts.ts'

/** One way to break a title into lines of even length, in letter sizes: it grows in proportion to them. */
export interface Shape {
  lines: number
  /** Of the longest line. */
  width: number
  /** From the top of the first line's letters to the bottom of the last line's, about. */
  height: number
  /** How much of the lines' room the text fills, 0 to 1: lines of even length fill it all. */
  fill: number
  /** The text ends in an ellipsis after these lines. */
  truncated: boolean
}

const RTL = /\p{Script=Arabic}|\p{Script=Hebrew}|\p{Script=Syriac}|\p{Script=Thaana}/u
const LETTER = /\p{Alphabetic}/u

/** Unicode bidi rule P2: the first letter decides. */
export function isRightToLeft(text: string): boolean {
  const first = LETTER.exec(text)
  return first !== null && RTL.test(first[0])
}

/** Shapes are found at this size. */
const MEASURED_AT = 100
/** Letters without the free space between lines, in letter sizes. */
const LETTER_HEIGHT = 0.95
/** Wider than any title. */
const UNBOUNDED = 1e6
/** Lines are so much longer, mostly, than if the text could be parted anywhere. */
const EVEN = 1.06

/** The narrowest shape of each number of lines that the text can be broken into, one line first. */
export function shapesOf(canvasKit: CanvasKit, fonts: Fonts, runs: Run[], maxLines: number): Shape[] {
  // Skia looks for the longest word of a text only where it sees a space; one at the end of a line takes no room.
  const measured = [...runs, { text: ' ', face: fonts.base }]
  const options = { align: canvasKit.TextAlign.Left, size: MEASURED_AT, maxLines: undefined }
  const paragraph = buildParagraph(canvasKit, fonts, measured, options)
  try {
    const laidAt = (width: number): Laid => {
      paragraph.layout(width)
      return { width, lines: paragraph.getNumberOfLines(), longest: paragraph.getLongestLine() }
    }
    const free = laidAt(UNBOUNDED)
    const whole = Math.ceil(free.longest) + 1
    const narrow = laidAt(Math.ceil(paragraph.getMinIntrinsicWidth()) + 1)
    let laid = { ...free, width: Math.max(narrow.width, whole) }
    const shapes: Shape[] = []
    for (let lines = free.lines; lines <= maxLines; lines++) {
      if (narrow.lines <= lines) laid = narrow
      else if (lines > 1) laid = narrowest(laidAt, lines, { narrow, wide: laid }, (EVEN * whole) / lines)
      if (laid.lines !== lines) break
      const longest = laid.longest + 1
      shapes.push({ ...shape(lines, longest, leadingOf(runs)), fill: Math.min(1, whole / (lines * longest)) })
    }
    return shapes
  } finally {
    paragraph.delete()
  }
}

const shape = (lines: number, width: number, leading: number, truncated = false): Shape => ({
  lines,
  width: width / MEASURED_AT,
  height: (lines - 1) * leading + LETTER_HEIGHT,
  fill: 1,
  truncated,
})

/** A text that is too long, in lines of this width (in letter sizes) and at most this height, the last one cut; `undefined` where not one line fits. */
export function cutShape(runs: Run[], room: { width: number; height: number }, maxLines: number): Shape | undefined {
  const leading = leadingOf(runs)
  const lines = Math.min(maxLines, Math.floor((room.height - LETTER_HEIGHT) / leading) + 1)
  if (lines < 1 || room.width < 2) return undefined
  return shape(lines, room.width * MEASURED_AT, leading, true)
}

const leadingOf = (runs: Run[]) => Math.max(...runs.map(({ face }) => face.leading))

/** What a width makes of a text. */
interface Laid {
  width: number
  lines: number
  longest: number
}

/**
 * The narrowest of at most so many lines, between one that has more and one that has not. As the same lines fit into the length of their
 * longest, only lengths of lines come into question, and from a good `guess` few of them are tried.
 */
function narrowest(
  laidAt: (width: number) => Laid,
  lines: number,
  { narrow, wide }: { narrow: Laid; wide: Laid },
  guess: number,
): Laid {
  let low = narrow.width + 1
  let best = wide
  for (let next = Math.ceil(guess); low < best.width; ) {
    const laid = laidAt(Math.min(Math.max(next, low), best.width - 1))
    if (laid.lines <= lines) {
      best = { ...laid, width: Math.min(laid.width, Math.ceil(laid.longest)) }
      next = best.width - 1
    } else {
      low = laid.width + 1
      next = (low + best.width) >> 1
    }
  }
  return best
}

export interface ParagraphOptions {
  align: TextAlign
  size: number
  maxLines: number | undefined
  /** How the letters of a face are drawn; only measuring can do without. */
  paint?: { letters: Paint; emoji: Paint; behind: Paint }
}

/** The paragraph, not laid out yet; the caller deletes it. */
export function buildParagraph(
  canvasKit: CanvasKit,
  fonts: Fonts,
  runs: Run[],
  { align, size, maxLines, paint }: ParagraphOptions,
): Paragraph {
  const rightToLeft = isRightToLeft(runs.map((run) => run.text).join(''))
  const options: ParagraphStyle = {
    textAlign: align,
    textDirection: rightToLeft ? canvasKit.TextDirection.RTL : canvasKit.TextDirection.LTR,
    textStyle: { fontFamilies: [fonts.base.family], fontSize: size },
    // One height for every line, whatever faces stand in it.
    strutStyle: {
      strutEnabled: true,
      forceStrutHeight: true,
      fontFamilies: [fonts.base.family],
      fontSize: size,
      heightMultiplier: leadingOf(runs),
    },
    ...(maxLines !== undefined && { maxLines, ellipsis: '…' }),
  }
  const builder = canvasKit.ParagraphBuilder.MakeFromFontCollection(
    new canvasKit.ParagraphStyle(options),
    fonts.collection,
  )
  for (const { text, face } of runs) {
    const textStyle = new canvasKit.TextStyle({
      fontFamilies: [face.family, fonts.base.family],
      fontSize: size * face.scale,
      ...(face.weight !== undefined && { fontVariations: [{ axis: 'wght', value: face.weight }] }),
    })
    if (paint) builder.pushPaintStyle(textStyle, face.emoji ? paint.emoji : paint.letters, paint.behind)
    else builder.pushStyle(textStyle)
    builder.addText(text)
    builder.pop()
  }
  const paragraph = builder.build()
  builder.delete()
  return paragraph
}
