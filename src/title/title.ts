// The text over the picture: placed, coloured and helped so that every letter can be read, and measured. Runs in Node and in browsers alike.
import type { CanvasKit } from 'canvaskit-wasm'
import { ThumbsmithError } from '../errors.ts'
import type { Focus } from '../original.ts'
import type { TitleStyle } from '../preset.ts'
import type { TitleReport } from '../title-report.ts'
import { analyse, type Picture } from './analysis.ts'
import { toHex } from './colour.ts'
import { dress, type Patch } from './dress.ts'
import type { ReadFontFile } from './faces.ts'
import { openFonts, type Run } from './fonts.ts'
import { chooseHelp, type Effort, type Help } from './help.ts'
import { drawLetters, type Letters } from './letters.ts'
import { measure, type SeenReadability } from './measure.ts'
import { cutRoom, type Placement, place } from './place.ts'
import { type Ring, ringOf } from './ring.ts'
import { contrastWhenSmall, damageOf, legibleAt } from './seen.ts'
import { cutShape, isRightToLeft, shapesOf } from './typeset.ts'

export interface TitleRequest {
  /** What the title stands on, opaque and of one size: the picture, the frames of an animation, or what may shine through transparency. */
  pictures: Picture[]
  /** As `parseTitle` gives it. */
  title: string
  style: TitleStyle
  /** Where the eye should rest, as fractions of the picture. */
  focus?: Focus | undefined
}

export interface SetTitle {
  /** Characters that no font has. */
  missing: string[]
  /** `undefined` where no character can be drawn. */
  block: TitleBlock | undefined
}

/** A title in its place: to be painted, encoded with its picture, decoded, and measured. */
export interface TitleBlock {
  /** Throws `title.not_readable` where no colour that may be used reaches the target. The same request gives the same bytes. */
  paint(effort: Effort): Painted
  /** Measures pictures of the same size as they came out of the codec. */
  measure(pictures: Picture[], painted: Painted): SeenReadability
  /** `shipped` is what was measured. */
  report(painted: Painted, shipped: SeenReadability, pictures: Picture[]): TitleReport
}

export interface Painted {
  patch: Patch
  help: Help
}

export interface TitlePainter {
  /** Throws `title.does_not_fit` where the picture is too small for any text. */
  set(request: TitleRequest): Promise<SetTitle>
}

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
    async set(request) {
      const { runs, missing } = await fonts.itemise(request.title, request.style.font)
      if (runs.every(({ text }) => text.trim() === '')) return { missing, block: undefined }
      const [picture] = request.pictures
      if (!picture) throw new Error('a title needs a picture to stand on')
      const { width, height } = picture
      const maps = analyse(picture)
      const { style, focus } = request
      const rightToLeft = isRightToLeft(runs.map(({ text }) => text).join(''))
      const shapes = shapesOf(canvasKit, fonts, runs, style.maxLines)
      const asked = { width, height, style, rightToLeft, focus }
      const placement = place(maps, { ...asked, shapes }) ?? place(maps, { ...asked, shapes: cutShapes(runs, request) })
      if (!placement) throw new ThumbsmithError('title.does_not_fit')
      const letters = drawLetters(canvasKit, fonts, runs, placement, picture)
      if (!letters) return { missing, block: undefined }
      return { missing, block: blockOf(request, placement, letters, ringOf(letters), maps.palette) }
    },
  }
}

function cutShapes(runs: Run[], { pictures: [picture], style }: TitleRequest) {
  const shape = cutShape(runs, cutRoom(picture!), style.maxLines)
  return shape ? [shape] : []
}

function blockOf(
  { pictures, style }: TitleRequest,
  placement: Placement,
  letters: Letters,
  ring: Ring,
  palette: ReturnType<typeof analyse>['palette'],
): TitleBlock {
  return {
    paint(effort) {
      const help = chooseHelp(pictures, ring, palette, style, effort)
      if (!help)
        throw new ThumbsmithError('title.not_readable', `No colour reaches a contrast of ${style.minContrast} : 1.`)
      return { help, patch: dress(letters, ring, help) }
    },
    measure: (shipped, { help }) => ({
      ...measure(shipped, ring, help),
      small: contrastWhenSmall(shipped, letters, help),
    }),
    report: ({ help, patch }, { p5, worst, small }, shipped) => ({
      contrast: { p5: round(p5), worst: round(worst), target: round(help.target) },
      position: placement.position,
      size: placement.size,
      lines: placement.shape.lines,
      truncated: placement.shape.truncated,
      help: help.kind,
      strength: round(help.strength),
      fill: toHex(help.fill),
      back: toHex(help.back),
      damage: round(damageOf(pictures[0]!, letters, patch)),
      saliency: round(placement.saliency),
      legibleAt: legibleAt(shipped, letters, help, small),
      cost: Object.fromEntries(Object.entries(placement.cost).map(([part, value]) => [part, round(value)])),
    }),
  }
}

const round = (value: number) => Math.floor(100 * value + 1e-6) / 100
