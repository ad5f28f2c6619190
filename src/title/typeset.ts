// Sets a title: the largest letters that fit its box in at most so many lines, and lines of even length.
import type { CanvasKit, Paint, Paragraph, ParagraphStyle, TextAlign } from 'canvaskit-wasm'
import type { TitleStyle } from '../preset.ts'
import type { Fonts, Run } from './fonts.ts'

export interface Box {
  width: number
  height: number
}

export interface Setting {
  /** Letter size in pixels. */
  size: number
  /** Width that the lines are laid out in. */
  width: number
  /** The text did not fit at the smallest size and ends in an ellipsis. */
  truncated: boolean
  maxLines: number
}

/** Below this, in pixels, letters are no longer read. */
const SMALLEST_SIZE = 9
/** Letters do not become smaller than this share of the picture's height before the text is cut. */
const SMALLEST_SHARE = 0.04

const RTL = /\p{Script=Arabic}|\p{Script=Hebrew}|\p{Script=Syriac}|\p{Script=Thaana}/u
const LETTER = /\p{Alphabetic}/u

/** Unicode bidi rule P2: the first letter decides. */
export function isRightToLeft(text: string): boolean {
  const first = LETTER.exec(text)
  return first !== null && RTL.test(first[0])
}

/** Sets `runs` into a box on a picture of this height; `undefined` where not even one cut line fits. */
export function typeset(
  canvasKit: CanvasKit,
  fonts: Fonts,
  runs: Run[],
  box: Box,
  style: TitleStyle,
  pictureHeight: number,
): Setting | undefined {
  const smallest = Math.ceil(Math.max(SMALLEST_SIZE, SMALLEST_SHARE * pictureHeight))
  const largest = Math.max(smallest, Math.round(style.maxSize * pictureHeight))
  const measure = (size: number, width: number) => measureAt(canvasKit, fonts, runs, size, width)
  const fits = (size: number) => {
    const { lines, height, longestWord } = measure(size, box.width)
    return lines <= style.maxLines && height <= box.height && longestWord <= box.width
  }
  if (!fits(smallest)) return cut(smallest, measure, box, style)
  const size = lastThat(fits, smallest, largest)
  const { lines, longestWord } = measure(size, box.width)
  const least = Math.ceil(longestWord)
  const isTooNarrow = (width: number) => measure(size, width).lines > lines
  const width = isTooNarrow(least) ? lastThat(isTooNarrow, least, Math.floor(box.width)) + 1 : least
  return { size, width: Math.min(width, box.width), truncated: false, maxLines: style.maxLines }
}

type Measure = (size: number, width: number) => { lines: number; height: number }

function cut(size: number, measure: Measure, box: Box, style: TitleStyle): Setting | undefined {
  const { lines, height } = measure(size, box.width)
  const maxLines = Math.min(style.maxLines, Math.floor(box.height / (height / lines)))
  if (maxLines < 1 || box.width < 2 * size) return undefined
  return { size, width: box.width, truncated: lines > maxLines, maxLines }
}

/** The last integer of a range for which a test holds that holds up to some point; `first` is known to hold. */
function lastThat(test: (value: number) => boolean, first: number, last: number): number {
  let [holds, fails] = [first, last + 1]
  while (fails - holds > 1) {
    const middle = Math.floor((holds + fails) / 2)
    if (test(middle)) holds = middle
    else fails = middle
  }
  return holds
}

function measureAt(canvasKit: CanvasKit, fonts: Fonts, runs: Run[], size: number, width: number) {
  const paragraph = buildParagraph(canvasKit, fonts, runs, {
    align: canvasKit.TextAlign.Left,
    size,
    maxLines: undefined,
  })
  paragraph.layout(Math.max(1, width))
  const measured = {
    lines: paragraph.getNumberOfLines(),
    height: paragraph.getHeight(),
    longestWord: paragraph.getMinIntrinsicWidth() + 1,
  }
  paragraph.delete()
  return measured
}

export interface ParagraphOptions {
  align: TextAlign
  size: number
  maxLines: number | undefined
  /** How the letters are drawn; only measuring can do without. */
  paint?: { letters: Paint; behind: Paint }
}

/** The paragraph, not laid out yet; the caller deletes it. */
export function buildParagraph(
  canvasKit: CanvasKit,
  fonts: Fonts,
  runs: Run[],
  { align, size, maxLines, paint }: ParagraphOptions,
): Paragraph {
  const rightToLeft = isRightToLeft(runs.map((run) => run.text).join(''))
  const leading = Math.max(...runs.map(({ face }) => face.leading))
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
      heightMultiplier: leading,
    },
    ...(maxLines !== undefined && { maxLines, ellipsis: '…' }),
  }
  const builder = canvasKit.ParagraphBuilder.MakeFromFontProvider(new canvasKit.ParagraphStyle(options), fonts.provider)
  for (const { text, face } of runs) {
    const textStyle = new canvasKit.TextStyle({
      fontFamilies: [face.family, fonts.base.family],
      fontSize: size * face.scale,
      ...(face.weight !== undefined && { fontVariations: [{ axis: 'wght', value: face.weight }] }),
    })
    if (paint) builder.pushPaintStyle(textStyle, paint.letters, paint.behind)
    else builder.pushStyle(textStyle)
    builder.addText(text)
    builder.pop()
  }
  const paragraph = builder.build()
  builder.delete()
  return paragraph
}
