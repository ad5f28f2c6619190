// What others put on pictures: white text of 64 pixels at (50, 600), plain, outlined, or on a veil over everything.
import type { CanvasKit } from 'canvaskit-wasm'
import type { Raw } from '../src/render/raw.ts'
import { squaredDistances } from '../src/title/distance.ts'
import type { Fonts } from '../src/title/fonts.ts'
import { buildParagraph } from '../src/title/typeset.ts'
import type { Ink } from './title-meter.ts'

const SIZE = 64
const [LEFT, BASELINE] = [50, 600]
const OUTLINE = 3
const VEIL = 100 / 255

export const RIVALS = ['plain white', 'white, 3 px outline', 'white on a veil of 100/255'] as const
export type Rival = (typeof RIVALS)[number]

export interface PlainText extends Ink {
  /** Red, green, blue, alpha, premultiplied; as large as the picture. */
  pixels: Uint8Array
}

/** One line, as it comes; what runs out of the picture is gone. */
export async function plainText(
  canvasKit: CanvasKit,
  fonts: Fonts,
  title: string,
  { width, height }: { width: number; height: number },
): Promise<PlainText> {
  const { runs } = await fonts.itemise(title)
  const draw = (shown: 'all' | 'letters') => {
    const paint = (isShown: boolean) => {
      const made = new canvasKit.Paint()
      made.setAntiAlias(true)
      made.setColor(isShown ? canvasKit.WHITE : canvasKit.TRANSPARENT)
      return made
    }
    const surface = canvasKit.MakeSurface(width, height)!
    const paragraph = buildParagraph(canvasKit, fonts, runs, {
      align: canvasKit.TextAlign.Left,
      size: SIZE,
      maxLines: undefined,
      paint: { letters: paint(true), emoji: paint(shown === 'all'), behind: paint(false) },
    })
    paragraph.layout(1e5)
    const top = BASELINE - paragraph.getAlphabeticBaseline()
    // Right-to-left lines lean on the right edge of their room.
    const [line] = paragraph.getLineMetrics()
    surface.getCanvas().drawParagraph(paragraph, LEFT - (line?.left ?? 0), top)
    const image = surface.makeImageSnapshot()
    const pixels = image.readPixels(0, 0, {
      width,
      height,
      colorType: canvasKit.ColorType.RGBA_8888,
      alphaType: canvasKit.AlphaType.Premul,
      colorSpace: canvasKit.ColorSpace.SRGB,
    }) as Uint8Array
    for (const object of [image, paragraph, surface]) object.delete()
    return pixels
  }
  const pixels = draw('all')
  const alpha = (from: Uint8Array) => Uint8Array.from({ length: width * height }, (_, pixel) => from[4 * pixel + 3]!)
  return { pixels, all: alpha(pixels), coloured: alpha(draw('letters')) }
}

export function paintRival(rival: Rival, picture: Raw, text: PlainText): Raw {
  const data = Buffer.from(picture.data)
  const outline =
    rival === 'white, 3 px outline'
      ? squaredDistances(text.all, picture.width, { x: 0, y: 0, ...picture }, OUTLINE + 1)
      : undefined
  const veil = rival === 'white on a veil of 100/255' ? VEIL : 0
  for (let pixel = 0; pixel < text.all.length; pixel++) {
    const dark = outline ? Math.min(1, Math.max(0, OUTLINE + 0.5 - Math.sqrt(outline[pixel]!))) : veil
    const alpha = text.pixels[4 * pixel + 3]! / 255
    for (let channel = 0; channel < 3; channel++)
      data[3 * pixel + channel] = Math.min(
        255,
        Math.round(data[3 * pixel + channel]! * (1 - dark) * (1 - alpha) + text.pixels[4 * pixel + channel]!),
      )
  }
  return { ...picture, data }
}
