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

/** The narrowest shape of each number of lines that the text can be broken into, one line first. */
export function shapesOf(canvasKit: CanvasKit, fonts: Fonts, runs: Run[], maxLines: number): Shape[] {
  // Skia looks for the longest word of a text only where it sees a space; one at the end of a line takes no room.
  const measured = [...runs, { text: ' ', face: fonts.base }]
  const options = { align: canvasKit.TextAlign.Left, size: MEASURED_AT, maxLines: undefined }
  const paragraph = buildParagraph(canvasKit, fonts, measured, options)
  try {
    const linesAt = (width: number) => {
      paragraph.layout(width)
      return paragraph.getNumberOfLines()
    }
    linesAt(UNBOUNDED)
    const whole = Math.ceil(paragraph.getLongestLine()) + 1
    const word = Math.ceil(paragraph.getMinIntrinsicWidth()) + 1
    const shapes: Shape[] = []
    for (let lines = 1; lines <= maxLines; lines++) {
      if (linesAt(word) > lines && linesAt(whole) > lines) continue
      const width = firstThat((candidate) => linesAt(candidate) <= lines, word, Math.max(word, whole))
      if (linesAt(width) !== lines) break
      const longest = paragraph.getLongestLine() + 1
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

/** The first integer of a range for which a test holds that holds from some point on; `last` is taken to hold. */
function firstThat(test: (value: number) => boolean, first: number, last: number): number {
  let [low, high] = [first, last]
  while (low < high) {
    const middle = (low + high) >> 1
    if (test(middle)) high = middle
    else low = middle + 1
  }
  return high
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
