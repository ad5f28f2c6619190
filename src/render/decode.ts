// The one decode: an original to raw sRGB pixels at the size that the plan asks for, upright, its colours converted.
import sharp, { type Sharp, type SharpOptions } from 'sharp'
import { ThumbsmithError } from '../errors.ts'
import type { RenderPlan } from './plan.ts'
import type { Probe } from './probe.ts'
import { type Raw, toRaw } from './raw.ts'

/**
 * Decodes to `plan.decode`, one Raw per frame. Throws `image.damaged` where the bytes break off or are broken:
 * with anything milder than `error`, 68 of 84 half-cut JPEGs pass as good.
 */
export async function decode(
  bytes: Uint8Array,
  original: Probe,
  plan: Pick<RenderPlan, 'decode' | 'frames'>,
): Promise<Raw[]> {
  const animated = plan.frames > 1
  const input: SharpOptions = { failOn: 'error', limitInputPixels: false, animated }
  // An upright animation is resized page by page; libvips turns no animation, and GIF and WebP carry no orientation.
  const resize = (pipeline: Sharp) =>
    (animated ? pipeline : pipeline.autoOrient()).resize({ ...plan.decode, fit: 'fill' })
  try {
    const picture = await toRaw(await toSrgb(bytes, input, original, resize))
    return framesOf(picture, plan)
  } catch (error) {
    throw new ThumbsmithError('image.damaged', undefined, { detail: String(error), cause: error })
  }
}

/**
 * Colours are converted on the small picture: sharp would do it at the size of the decode, which costs 1.5 to 2 times as much.
 * The profile travels in an uncompressed PNG, or for four inks in a JPEG of the best quality; both loaders are let in anyway.
 */
async function toSrgb(
  bytes: Uint8Array,
  input: SharpOptions,
  original: Probe,
  resize: (pipeline: Sharp) => Sharp,
): Promise<Sharp> {
  if (original.cmyk) {
    const inks = resize(sharp(bytes, input).pipelineColourspace('cmyk')).toColourspace('cmyk').keepIccProfile()
    const small = await inks.jpeg({ quality: 100, chromaSubsampling: '4:4:4', optimiseCoding: false }).toBuffer()
    return sharp(small).toColourspace('srgb')
  }
  const start = sharp(bytes, { ...input, ignoreIcc: true })
  const shallow = original.deep ? start.pipelineColourspace('srgb') : start
  if (!original.profiled) return resize(shallow).toColourspace('srgb')
  const profiled = sharp(bytes, input)
  const small = await resize(original.deep ? profiled.pipelineColourspace('srgb') : profiled)
    .keepIccProfile()
    .png({ compressionLevel: 0 })
    .toBuffer()
  return sharp(small).toColourspace('srgb')
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
