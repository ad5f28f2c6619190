// The text over the picture: what it says, how large and where it stands, and its pixels. Runs in Node and in browsers alike.
import type { CanvasKit } from 'canvaskit-wasm'
import { ThumbsmithError } from '../errors.ts'
import type { Position, TitleStyle } from '../preset.ts'
import type { ReadFontFile } from './faces.ts'
import { openFonts } from './fonts.ts'
import { type Patch, paintTitle, REACH } from './paint.ts'
import { typeset } from './typeset.ts'

export interface TitleRequest {
  /** The picture's size in pixels. */
  width: number
  height: number
  /** As `parseTitle` gives it. */
  title: string
  style: TitleStyle
}

export interface DrawnTitle {
  /** What to lay over the picture, and where its top left corner stands; none where no character can be drawn. */
  patch: (Patch & { x: number; y: number }) | undefined
  /** Characters that no font has. */
  missing: string[]
}

export interface TitlePainter {
  /** Throws `title.does_not_fit` where the picture is too small for any text. The same request gives the same bytes. */
  draw(request: TitleRequest): Promise<DrawnTitle>
}

/** Free space around the title, as a share of the picture's width. */
const MARGIN = 0.045
/** The title takes at most this share of the picture's height. */
const TALLEST = 0.6

/**
 * Opens a painter on a CanvasKit (Skia) that the caller has loaded. `readFile` gets package paths such as
 * `@fontsource/anton/files/anton-latin-400-normal.woff2`; only the files that a title needs are asked for.
 */
export async function openTitlePainter(options: {
  canvasKit: CanvasKit
  readFile: ReadFontFile
}): Promise<TitlePainter> {
  const { canvasKit, readFile } = options
  const fonts = await openFonts(canvasKit, readFile)

  return {
    async draw({ width, height, title, style }) {
      const { runs, missing } = await fonts.itemise(title)
      if (runs.every(({ text }) => text.trim() === '')) return { patch: undefined, missing }
      const margin = Math.round(MARGIN * width)
      // Outline and shadow stand inside the margin too; their reach follows from the letters, so the largest is assumed.
      const reach = Math.ceil(REACH * style.maxSize * height)
      const box = { width: width - 2 * margin, height: Math.min(TALLEST * height, height - 2 * reach) }
      const setting = typeset(canvasKit, fonts, runs, box, style, height)
      if (!setting) throw new ThumbsmithError('title.does_not_fit')
      const ink = paintTitle(canvasKit, fonts, runs, setting, style, alignOf(canvasKit, style.position))
      if (!ink) return { patch: undefined, missing }
      return { patch: { ...ink, ...place({ width, height }, ink, style.position, margin, setting.size) }, missing }
    },
  }
}

function alignOf({ TextAlign }: CanvasKit, position: Position) {
  if (position.includes('left')) return TextAlign.Left
  return position.includes('right') ? TextAlign.Right : TextAlign.Center
}

/** By its ink, and not by its lines, so that the free space looks the same on all sides; the shadow may reach into it. */
function place(
  picture: { width: number; height: number },
  ink: Patch,
  position: Position,
  margin: number,
  size: number,
) {
  const inset = Math.max(0, margin - Math.round(REACH * size))
  const along = (space: number, start: boolean, end: boolean) =>
    Math.round(start ? Math.min(inset, space / 2) : end ? Math.max(space - inset, space / 2) : space / 2)
  return {
    x: along(picture.width - ink.width, position.includes('left'), position.includes('right')),
    y: along(picture.height - ink.height, position.includes('top'), position.includes('bottom')),
  }
}
