// Paints a set title: a crisp outline in proportion to the letters over a soft shadow; gives the pixels that carry ink.
import type { CanvasKit, Paint, Surface, TextAlign } from 'canvaskit-wasm'
import type { TitleStyle } from '../preset.ts'
import type { Fonts, Run } from './fonts.ts'
import { castShadow, type Mask } from './shadow.ts'
import { buildParagraph, type Setting } from './typeset.ts'

/** Pixels as RGBA with premultiplied alpha, row by row. */
export interface Patch {
  pixels: Uint8Array
  width: number
  height: number
}

/** In letter sizes. */
const OUTLINE = 0.055
const SHADOW_SIGMA = 0.07
const SHADOW_DROP = 0.035
const SHADOW_ALPHA = 0.6
/** Letters may stand out of their lines by this much: marks above and below, swashes. */
const OVERHANG = 0.6

/** How far outline and shadow reach beyond the letters, in letter sizes. */
export const REACH = OUTLINE + 2 * SHADOW_SIGMA + SHADOW_DROP

/** Skia's objects live outside the garbage collector: whatever is kept here is deleted at the end. */
type Keep = <T extends { delete(): void }>(object: T) => T

/** Paints the title on a canvas of its own, trimmed to its ink; `undefined` where the letters leave none. */
export function paintTitle(
  canvasKit: CanvasKit,
  fonts: Fonts,
  runs: Run[],
  setting: Setting,
  style: TitleStyle,
  align: TextAlign,
): Patch | undefined {
  const kept: { delete(): void }[] = []
  const keep: Keep = (object) => {
    kept.push(object)
    return object
  }
  try {
    const pens = makePens(canvasKit, keep, setting.size, style)
    const lay = (letters: Paint) => {
      const maxLines = setting.truncated ? setting.maxLines : undefined
      const paint = { letters, behind: pens.none }
      const paragraph = keep(buildParagraph(canvasKit, fonts, runs, { align, size: setting.size, maxLines, paint }))
      paragraph.layout(setting.width)
      return paragraph
    }
    const outlined = lay(pens.outline)
    const filled = lay(pens.fill)
    const margin = Math.ceil((OVERHANG + REACH) * setting.size)
    const width = Math.ceil(setting.width) + 2 * margin
    const height = Math.ceil(filled.getHeight()) + 2 * margin
    const surface = makeSurface(canvasKit, keep, width, height)
    const canvas = surface.getCanvas()
    canvas.clear(canvasKit.TRANSPARENT)
    canvas.drawParagraph(outlined, margin, margin)
    const mask = blurredMask(canvasKit, keep, surface, SHADOW_SIGMA * setting.size)
    canvas.drawParagraph(filled, margin, margin)
    const patch = readBack(canvasKit, surface)
    const [red = 0, green = 0, blue = 0] = pens.dark.map((channel) => Math.round(255 * channel))
    castShadow(patch.pixels, width, height, {
      mask,
      shrink: SHADOW_SHRINK,
      drop: SHADOW_DROP * setting.size,
      colour: [red, green, blue],
      strength: SHADOW_ALPHA,
    })
    return trim(patch)
  } finally {
    for (const object of kept.reverse()) object.delete()
  }
}

function makePens(canvasKit: CanvasKit, keep: Keep, size: number, style: TitleStyle) {
  const dark = canvasKit.parseColorString(style.outline)
  const none = keep(new canvasKit.Paint())
  none.setColor(canvasKit.TRANSPARENT)
  const fill = keep(new canvasKit.Paint())
  fill.setAntiAlias(true)
  fill.setColor(canvasKit.parseColorString(style.color))
  const outline = keep(new canvasKit.Paint())
  outline.setAntiAlias(true)
  outline.setStyle(canvasKit.PaintStyle.Stroke)
  outline.setStrokeWidth(2 * OUTLINE * size)
  outline.setStrokeJoin(canvasKit.StrokeJoin.Round)
  outline.setColor(dark)
  return { none, fill, outline, dark: Array.from(dark) }
}

/** A blur is made at this fraction of the size: a sixteenth of the pixels, and no difference to be seen. */
const SHADOW_SHRINK = 4

/** The coverage of what the surface holds, blurred, a quarter of its size. */
function blurredMask(canvasKit: CanvasKit, keep: Keep, surface: Surface, sigma: number): Mask {
  const width = Math.ceil(surface.width() / SHADOW_SHRINK)
  const height = Math.ceil(surface.height() / SHADOW_SHRINK)
  const small = makeSurface(canvasKit, keep, width, height)
  const blur = canvasKit.ImageFilter.MakeBlur(
    sigma / SHADOW_SHRINK,
    sigma / SHADOW_SHRINK,
    canvasKit.TileMode.Decal,
    null,
  )
  const soft = keep(new canvasKit.Paint())
  soft.setImageFilter(keep(blur))
  const canvas = small.getCanvas()
  canvas.clear(canvasKit.TRANSPARENT)
  const from = canvasKit.XYWHRect(0, 0, width * SHADOW_SHRINK, height * SHADOW_SHRINK)
  const to = canvasKit.XYWHRect(0, 0, width, height)
  const letters = keep(surface.makeImageSnapshot())
  canvas.drawImageRectOptions(letters, from, to, canvasKit.FilterMode.Linear, canvasKit.MipmapMode.Nearest, soft)
  const { pixels } = readBack(canvasKit, small)
  return { width, height, alpha: pixels.filter((_, index) => index % 4 === 3) }
}

function makeSurface(canvasKit: CanvasKit, keep: Keep, width: number, height: number): Surface {
  const surface = canvasKit.MakeSurface(width, height)
  if (!surface) throw new Error(`no surface of ${width} x ${height} pixels for the title`)
  // delete() alone would not give the pixels back.
  keep({ delete: () => surface.dispose() })
  return surface
}

function readBack(canvasKit: CanvasKit, surface: Surface): Patch {
  surface.flush()
  const width = surface.width()
  const height = surface.height()
  const pixels = surface.getCanvas().readPixels(0, 0, {
    width,
    height,
    colorType: canvasKit.ColorType.RGBA_8888,
    alphaType: canvasKit.AlphaType.Premul,
    colorSpace: canvasKit.ColorSpace.SRGB,
  })
  if (!(pixels instanceof Uint8Array)) throw new Error('the title could not be read back')
  return { pixels, width, height }
}

/** Cuts away the rows and columns that carry no ink. */
export function trim({ pixels, width, height }: Patch): Patch | undefined {
  // Premultiplied: a pixel without alpha is all zeros.
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, width * height)
  let [left, top, right, bottom] = [width, height, -1, -1]
  for (let y = 0; y < height; y++) {
    const row = words.subarray(y * width, (y + 1) * width)
    const first = row.findIndex((word) => word !== 0)
    if (first === -1) continue
    left = Math.min(left, first)
    right = Math.max(
      right,
      row.findLastIndex((word) => word !== 0),
    )
    top = Math.min(top, y)
    bottom = y
  }
  if (right < left) return undefined
  const trimmed = { width: right - left + 1, height: bottom - top + 1 }
  const ink = new Uint8Array(4 * trimmed.width * trimmed.height)
  for (let row = 0; row < trimmed.height; row++) {
    const from = 4 * ((top + row) * width + left)
    ink.set(pixels.subarray(from, from + 4 * trimmed.width), 4 * row * trimmed.width)
  }
  return { ...trimmed, pixels: ink }
}
