// Raw pixels to the bytes of a file: one row a format, its settings chosen by measured bytes and CPU at equal perceived quality.
import sharp, { type Sharp } from 'sharp'
import { ThumbsmithError } from '../errors.ts'
import type { OutputFormat } from '../preset-words.ts'
import { writeAvis } from './avis.ts'
import { narrowed, saidNarrow } from './narrow-range.ts'
import { pngWithProfile } from './profile.ts'
import type { Raw } from './raw.ts'
import type { Rendered } from './renderer.ts'

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

export interface Encoded extends Rendered {
  /** Its frames as files of their own, where libvips cannot read the animation back. */
  stills?: Buffer[]
}

type EncodedFile = Pick<Encoded, 'stills'> & { bytes: Buffer }

const LEAST_QUALITY = 10
/** Of a frame of which the original does not say how long it stands. */
const DELAY_MS = 100

/** The file at this quality, else at the best quality below it that fits, to within two steps. */
async function within(
  maxBytes: number | undefined,
  quality: number,
  encodeWith: (quality: number) => Promise<EncodedFile>,
): Promise<EncodedFile> {
  const best = await encodeWith(quality)
  if (maxBytes === undefined || best.bytes.length <= maxBytes) return best
  let fits = await encodeWith(LEAST_QUALITY)
  if (fits.bytes.length > maxBytes)
    throw new ThumbsmithError(
      'image.cannot_be_rendered',
      `The picture cannot be made as small as ${maxBytes} bytes at this size; its least is ${fits.bytes.length}.`,
    )
  for (let [low, high] = [LEAST_QUALITY, quality]; high - low > 2; ) {
    const middle = Math.round((low + high) / 2)
    const file = await encodeWith(middle)
    if (file.bytes.length > maxBytes) high = middle
    else [low, fits] = [middle, file]
  }
  return fits
}

/**
 * Encodes one picture, or several frames of one size where the format can hold an animation. The copyright notice and a profile that
 * was asked for are all the metadata that is written: the pixels are upright, and nothing else of the original leaves. Throws libvips' own error, and
 * `image.cannot_be_rendered` where no quality fits into `maxBytes`.
 */
export async function encode(frames: Raw[], format: OutputFormat, options: EncodeOptions): Promise<Encoded> {
  const { contentType, maxSide } = ENCODERS[format]
  const [first] = frames
  if (!first) throw new Error('nothing to encode')
  const { width, height } = first
  if (Math.max(width, height) > maxSide)
    throw new Error(`${format} holds at most ${maxSide} pixels a side, not ${width} x ${height}`)
  const encodeWith =
    format === 'avif' && frames.length > 1
      ? sequenceEncoder(frames, options)
      : await fileEncoder(frames, format, options)
  const file = await within(options.maxBytes, options.quality ?? DEFAULT_QUALITY[format], encodeWith)
  return { ...file, contentType, format, width, height }
}

async function fileEncoder(frames: Raw[], format: OutputFormat, options: EncodeOptions) {
  const { opaque, encode: encodeAs } = ENCODERS[format]
  const first = frames[0]!
  const { width, height, channels } = first
  const raw = { width, height: height * frames.length, channels, ...(frames.length > 1 && { pageHeight: height }) }
  const data = frames.length > 1 ? Buffer.concat(frames.map((frame) => frame.data)) : first.data
  const profiled = options.profile && (await pngWithProfile(first, options.profile))
  const open = () =>
    profiled
      ? sharp(profiled, { limitInputPixels: false }).keepIccProfile()
      : sharp(data, { raw, limitInputPixels: false })
  return async (quality: number): Promise<EncodedFile> => {
    // On three channels it would only be one more pass.
    const solid = opaque && channels === 4 ? open().flatten({ background: options.behind }) : open()
    const pipeline = encodeAs(solid, { ...options, quality })
    const noted = options.copyright ? pipeline.withExif({ IFD0: { Copyright: options.copyright } }) : pipeline
    return { bytes: await noted.toBuffer() }
  }
}

/** libheif writes no sequences, so each frame is encoded as a still; the first carries the notice for all. */
function sequenceEncoder(frames: Raw[], { delays, loop = 0, copyright, ...options }: EncodeOptions) {
  const timing = { delays: frames.map((_, index) => delays?.[index] ?? DELAY_MS), loop }
  return async (quality: number): Promise<EncodedFile> => {
    const stills: Buffer[] = []
    for (const [index, frame] of frames.entries()) {
      const encodeWith = await fileEncoder([narrowed(frame)], 'avif', { ...options, ...(index === 0 && { copyright }) })
      stills.push(saidNarrow((await encodeWith(quality)).bytes))
    }
    return { bytes: writeAvis(stills, frames[0]!, timing), stills }
  }
}
