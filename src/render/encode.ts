// Raw pixels to the bytes of a file: one row a format, its settings chosen by measured bytes and CPU at equal perceived quality.
import sharp, { type Sharp } from 'sharp'
import { ThumbsmithError } from '../errors.ts'
import type { OutputFormat } from '../preset-words.ts'
import { pngWithProfile } from './profile.ts'
import type { Raw } from './raw.ts'

interface Encoder {
  contentType: string
  /** Longest side that the format can hold. */
  maxSide: number
  /** It has no transparency. */
  opaque?: true
  encode: (pipeline: Sharp, options: EncodeOptions & { quality: number }) => Sharp
}

export interface EncodeOptions {
  /** 1 to 100; the default depends on the format. */
  quality: number | undefined
  /** What stands behind transparency in a format that has none: `#rrggbb`. */
  behind: string
  /** Milliseconds per frame, and rounds (0: for ever). */
  delays?: number[] | undefined
  loop?: number
  /** Written into the file, where the format has EXIF. */
  copyright?: string | undefined
  /** The ICC profile of the pixels, where they are not sRGB; for one frame only. */
  profile?: Uint8Array | undefined
  /** The file may have at most so many bytes: quality gives way. */
  maxBytes?: number | undefined
}

/**
 * Quantisation table 3: 5.5 % fewer bytes for no CPU. AVIF effort 0 with 4:2:0: 16 % fewer bytes than WebP effort 4 at the
 * same perceived quality; sharp's default (effort 4, 4:4:4) costs 35 times that for 23 % fewer.
 */
const DEFAULT_QUALITY: Record<OutputFormat, number> = { jpeg: 80, png: 100, webp: 80, avif: 55, gif: 100 }

const ENCODERS: Record<OutputFormat, Encoder> = {
  jpeg: {
    contentType: 'image/jpeg',
    maxSide: 65_500,
    opaque: true,
    encode: (pipeline, { quality }) => pipeline.jpeg({ quality, quantisationTable: 3 }),
  },
  png: {
    contentType: 'image/png',
    maxSide: 65_500,
    encode: (pipeline) => pipeline.png({ compressionLevel: 3, adaptiveFiltering: true }),
  },
  webp: {
    contentType: 'image/webp',
    maxSide: 16_383,
    encode: (pipeline, { quality, delays, loop = 0 }) =>
      pipeline.webp({ quality, effort: 3, ...(delays && { delay: delays, loop }) }),
  },
  avif: {
    contentType: 'image/avif',
    maxSide: 16_384,
    encode: (pipeline, { quality }) => pipeline.avif({ quality, effort: 0, chromaSubsampling: '4:2:0' }),
  },
  gif: {
    contentType: 'image/gif',
    maxSide: 65_500,
    encode: (pipeline, { delays, loop = 0 }) => pipeline.gif({ effort: 3, ...(delays && { delay: delays, loop }) }),
  },
}

const LEAST_QUALITY = 10

/** The file at this quality, else at the best quality below it that fits, to within two steps. */
async function within(
  maxBytes: number | undefined,
  quality: number,
  encodeWith: (quality: number) => Promise<Buffer>,
): Promise<Buffer> {
  const best = await encodeWith(quality)
  if (maxBytes === undefined || best.length <= maxBytes) return best
  let fits = await encodeWith(LEAST_QUALITY)
  if (fits.length > maxBytes)
    throw new ThumbsmithError(
      'image.cannot_be_rendered',
      `The picture cannot be made as small as ${maxBytes} bytes at this size; its least is ${fits.length}.`,
    )
  for (let [low, high] = [LEAST_QUALITY, quality]; high - low > 2; ) {
    const middle = Math.round((low + high) / 2)
    const file = await encodeWith(middle)
    if (file.length > maxBytes) high = middle
    else [low, fits] = [middle, file]
  }
  return fits
}

/**
 * Encodes one picture, or several frames of one size where the format can hold an animation. The copyright notice and a profile that
 * was asked for are all the metadata that is written: the pixels are upright, and nothing else of the original leaves. Throws libvips' own error, and
 * `image.cannot_be_rendered` where no quality fits into `maxBytes`.
 */
export async function encode(frames: Raw[], format: OutputFormat, options: EncodeOptions) {
  const { contentType, maxSide, opaque, encode: encodeAs } = ENCODERS[format]
  const [first] = frames
  if (!first) throw new Error('nothing to encode')
  const { width, height, channels } = first
  if (Math.max(width, height) > maxSide)
    throw new Error(`${format} holds at most ${maxSide} pixels a side, not ${width} x ${height}`)
  const raw = { width, height: height * frames.length, channels, ...(frames.length > 1 && { pageHeight: height }) }
  const data = frames.length > 1 ? Buffer.concat(frames.map((frame) => frame.data)) : first.data
  const profiled = options.profile && (await pngWithProfile(first, options.profile))
  const open = () =>
    profiled
      ? sharp(profiled, { limitInputPixels: false }).keepIccProfile()
      : sharp(data, { raw, limitInputPixels: false })
  const encodeWith = (quality: number) => {
    // On three channels it would only be one more pass.
    const solid = opaque && channels === 4 ? open().flatten({ background: options.behind }) : open()
    const pipeline = encodeAs(solid, { ...options, quality })
    return (options.copyright ? pipeline.withExif({ IFD0: { Copyright: options.copyright } }) : pipeline).toBuffer()
  }
  const bytes = await within(options.maxBytes, options.quality ?? DEFAULT_QUALITY[format], encodeWith)
  return { bytes, contentType, format, width, height }
}
