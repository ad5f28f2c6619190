// A title on its picture as it will ship: encoded, decoded, measured, and drawn again stronger where the codec lost too much.
import { ThumbsmithError } from '../../src/errors.ts'
import type { OutputFormat } from '../../src/preset-words.ts'
import { EFFORTS } from '../../src/title/help.ts'
import { lay } from '../../src/title/lay.ts'
import type { Painted, TitleBlock } from '../../src/title/title.ts'
import type { TitleReport } from '../../src/title-report.ts'
import { context } from './decode.ts'
import { pictureOf, seenThrough } from './ground.ts'
import { throughJpeg } from './jpeg.ts'
import type { Pixels } from './resample.ts'

/** Of JPEG and WebP, as in src/render/encode.ts. */
const DEFAULT_QUALITY = 80

export interface Target {
  format: OutputFormat
  quality: number | undefined
}

/** As fast as it goes: nothing is encoded or measured. */
export async function draft(block: TitleBlock, ground: Pixels): Promise<ImageBitmap> {
  return toBitmap(painted(ground, block.paint(EFFORTS[0]!)))
}

/** As the server does it; the picture has what the codec lost. Throws `title.not_readable`. */
export async function shipReadable(
  block: TitleBlock,
  ground: Pixels,
  target: Target,
): Promise<{ picture: ImageBitmap; report: TitleReport }> {
  for (const effort of EFFORTS) {
    const title = block.paint(effort)
    const picture = painted(ground, title)
    const shipped = await throughCodec(picture, target)
    const views = seenThrough(shipped).map(pictureOf)
    const found = block.measure(views, title)
    if (Math.min(found.p5, found.worst) >= title.help.target)
      return { picture: await toBitmap(shipped), report: block.report(title, found, views) }
  }
  throw new ThumbsmithError('title.not_readable')
}

function painted(ground: Pixels, { patch }: Painted): Pixels {
  const picture = { ...ground, data: new Uint8ClampedArray(ground.data) }
  lay(pictureOf(picture), patch)
  return picture
}

/** PNG and GIF lose next to nothing, and no browser makes AVIF. */
async function throughCodec(picture: Pixels, { format, quality = DEFAULT_QUALITY }: Target): Promise<Pixels> {
  if (format === 'jpeg') return throughJpeg(picture, quality)
  return format === 'webp' ? throughWebp(picture, quality) : picture
}

async function throughWebp(picture: Pixels, quality: number): Promise<Pixels> {
  const canvas = new OffscreenCanvas(picture.width, picture.height)
  const painter = context(canvas)
  painter.putImageData(imageOf(picture), 0, 0)
  const shipped = await createImageBitmap(await canvas.convertToBlob({ type: 'image/webp', quality: quality / 100 }))
  painter.clearRect(0, 0, picture.width, picture.height)
  painter.drawImage(shipped, 0, 0)
  shipped.close()
  return { ...picture, data: painter.getImageData(0, 0, picture.width, picture.height).data }
}

const imageOf = ({ data, width, height }: Pixels) => new ImageData(data, width, height)

export const toBitmap = (picture: Pixels): Promise<ImageBitmap> => createImageBitmap(imageOf(picture))
