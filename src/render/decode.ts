// The one decode: an original to raw sRGB pixels at the size that the plan asks for, upright, its colours converted.

import sharp, { type Sharp, type SharpOptions } from 'sharp'
import { ThumbsmithError } from '../errors.ts'
import { decodeFirstScan } from './first-scan.ts'
import type { RenderPlan } from './plan.ts'
import type { Probe } from './probe.ts'
import { type Raw, resizeRaw, sharpOf, toRaw } from './raw.ts'

export interface Decoded {
  /** One a frame, in sRGB. */
  srgb: Raw[]
  /** The first frame in the original's own colours, and their profile, where a rendition keeps it. */
  kept?: { raw: Raw; profile: Uint8Array }
}

/**
 * Decodes to `plan.decode`; `undefined` where the lane is `first scan` and that scan is not what its header
 * promised, so that another lane must be planned. Throws `image.damaged` where the bytes break off or are broken:
 * with anything milder than `error`, 68 of 84 half-cut JPEGs pass as good.
 */
export async function decode(
  bytes: Uint8Array,
  original: Probe,
  plan: Pick<RenderPlan, 'lane' | 'decode' | 'frames' | 'renditions'>,
): Promise<Decoded | undefined> {
  if (plan.lane === 'first scan') {
    const stored = decodeFirstScan(bytes)
    return stored && { srgb: [await resizeRaw(await upright(stored, original.orientation), plan.decode)] }
  }
  const animated = plan.frames > 1
  const input: SharpOptions = { failOn: 'error', limitInputPixels: false, animated }
  // An upright animation is resized page by page; libvips turns no animation, and GIF and WebP carry no orientation.
  const resize = (pipeline: Sharp) =>
    (animated ? pipeline : pipeline.autoOrient()).resize({ ...plan.decode, fit: 'fill' })
  try {
    if (!original.cmyk && !original.profiled) {
      const plain = sharp(bytes, { ...input, ignoreIcc: true })
      const shallow = original.deep ? plain.pipelineColourspace('srgb') : plain
      return { srgb: framesOf(await toRaw(resize(shallow).toColourspace('srgb')), plan) }
    }
    const small = await shrinkProfiled(sharp(bytes, input), original, resize)
    const srgb = framesOf(await toRaw(sharp(small).toColourspace('srgb')), plan)
    return plan.renditions.some(({ keepsProfile }) => keepsProfile) ? { srgb, kept: await keep(small, plan) } : { srgb }
  } catch (error) {
    throw new ThumbsmithError('image.damaged', undefined, { detail: String(error), cause: error })
  }
}

/**
 * Colours are converted on the small picture: sharp would do it at the size of the decode, which costs 1.5 to 2 times as much.
 * The profile travels in an uncompressed PNG, or for four inks in a JPEG of the best quality; both loaders are let in anyway.
 */
function shrinkProfiled(source: Sharp, original: Probe, resize: (pipeline: Sharp) => Sharp): Promise<Buffer> {
  if (original.cmyk) {
    const inks = resize(source.pipelineColourspace('cmyk')).toColourspace('cmyk').keepIccProfile()
    return inks.jpeg({ quality: 100, chromaSubsampling: '4:4:4', optimiseCoding: false }).toBuffer()
  }
  const shallow = original.deep ? source.pipelineColourspace('srgb') : source
  return resize(shallow).keepIccProfile().png({ compressionLevel: 0 }).toBuffer()
}

async function keep(small: Buffer, plan: Pick<RenderPlan, 'frames'>): Promise<Decoded['kept']> {
  const { icc } = await sharp(small).metadata()
  const [raw] = framesOf(await toRaw(sharp(small, { ignoreIcc: true }).toColourspace('srgb')), plan)
  return icc && raw && { raw, profile: icc }
}

/** EXIF 2.3, orientation: how the stored picture is mirrored left to right, then turned clockwise, until it stands. */
const TURNS: Record<number, { mirror: boolean; degrees: number }> = {
  2: { mirror: true, degrees: 0 },
  3: { mirror: false, degrees: 180 },
  4: { mirror: true, degrees: 180 },
  5: { mirror: true, degrees: 270 },
  6: { mirror: false, degrees: 90 },
  7: { mirror: true, degrees: 90 },
  8: { mirror: false, degrees: 270 },
}

async function upright(stored: Raw, orientation: number): Promise<Raw> {
  const turn = TURNS[orientation]
  if (!turn) return stored
  return toRaw(sharpOf(turn.mirror ? await toRaw(sharpOf(stored).flop()) : stored).rotate(turn.degrees))
}

/** libvips hands an animation over as one tall picture, frame under frame. */
function framesOf(picture: Raw, { frames }: Pick<RenderPlan, 'frames'>): Raw[] {
  const height = picture.height / frames
  if (!Number.isInteger(height)) throw new Error(`${picture.height} rows cannot be ${frames} frames`)
  const size = picture.width * height * picture.channels
  return Array.from({ length: frames }, (_, index) => ({
    ...picture,
    height,
    data: picture.data.subarray(index * size, (index + 1) * size),
  }))
}
