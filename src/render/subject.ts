// Where the subject of a picture probably is: libvips' attention strategy, asked on a small copy.
import sharp from 'sharp'
import type { Focus } from '../original.ts'
import type { Size } from './geometry.ts'
import { type Raw, resizeRaw, sharpOf } from './raw.ts'

const PREVIEW_SIDE = 256

/** The middle of the part of this aspect that draws most attention (skin, saturation, edges), as fractions of the picture. */
export async function findSubject(picture: Raw, aspect: Size): Promise<Focus> {
  const factor = Math.min(1, PREVIEW_SIDE / Math.max(picture.width, picture.height))
  const preview = await resizeRaw(picture, scale(picture, factor))
  const window = scale(aspect, Math.min(preview.width / aspect.width, preview.height / aspect.height))
  const { info } = await sharpOf(preview)
    .resize({ ...window, fit: 'cover', position: sharp.strategy.attention })
    .raw()
    .toBuffer({ resolveWithObject: true })
  // sharp gives the offsets as negative numbers of pixels.
  const left = Math.abs(info.cropOffsetLeft ?? 0)
  const top = Math.abs(info.cropOffsetTop ?? 0)
  return {
    x: Math.min(1, (left + window.width / 2) / preview.width),
    y: Math.min(1, (top + window.height / 2) / preview.height),
  }
}

function scale(size: Size, factor: number): Size {
  return { width: Math.max(1, Math.round(size.width * factor)), height: Math.max(1, Math.round(size.height * factor)) }
}
