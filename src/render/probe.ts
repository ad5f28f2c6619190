// What an original is, from its bytes and its header alone: nothing is decoded here.
import sharp from 'sharp'
import { ThumbsmithError } from '../errors.ts'
import type { Facts } from '../original.ts'
import { readCopyright } from './exif.ts'
import { isRgb, isSrgb } from './icc.ts'
import { readHeader as readJpegHeader, samplePrecision } from './jpeg-header.ts'
import { guardLoaders } from './loaders.ts'
import { READABLE_KINDS, REFUSALS, type ReadableKind, sniff } from './sniff.ts'

/** All that the later steps need to know of an original. Pixels are as displayed, after the orientation is applied. */
export interface Probe extends Omit<Facts, 'thumbhash' | 'format'> {
  format: ReadableKind
  bytes: number
  progressive: boolean
  /** A progressive JPEG in sRGB whose first scan is a picture of an eighth of the size. */
  hasFirstScan: boolean
  chroma: string | undefined
  /** More than 8 bits a channel. */
  deep: boolean
  cmyk: boolean
  /** It carries a colour profile that is not sRGB. */
  profiled: boolean
  /** That profile is one for RGB, so that a rendition can carry it too. */
  rgbProfile: boolean
  /** Milliseconds per frame and number of rounds (0: for ever), where the original is animated. */
  delays: number[] | undefined
  loop: number
  /** The notice in its EXIF. */
  copyright: string | undefined
}

/**
 * Reads the header. Throws `image.empty`, `image.not_an_image`, `image.unsupported_format` or `image.damaged`,
 * each with a sentence that says what to do.
 */
export async function probe(bytes: Uint8Array, options: { tiff?: boolean } = {}): Promise<Probe> {
  const format = readableKind(bytes, options.tiff ?? false)
  await guardLoaders(options)
  const header = await readHeader(bytes)
  const turned = (header.orientation ?? 1) >= 5
  const height = header.pageHeight ?? header.height
  const profiled = header.icc !== undefined && !isSrgb(header.icc)
  return {
    format,
    bytes: bytes.byteLength,
    width: turned ? height : header.width,
    height: turned ? header.width : height,
    orientation: header.orientation ?? 1,
    hasAlpha: header.hasAlpha,
    frames: header.pages ?? 1,
    progressive: header.isProgressive,
    hasFirstScan: header.isProgressive && format === 'jpeg' && !profiled && readJpegHeader(bytes) !== undefined,
    chroma: header.chromaSubsampling,
    deep: header.depth !== 'uchar',
    cmyk: header.space === 'cmyk',
    profiled,
    rgbProfile: profiled && header.channels >= 3 && isRgb(header.icc!),
    delays: header.delay,
    loop: header.loop ?? 0,
    copyright: header.exif && readCopyright(header.exif),
  }
}

function readableKind(bytes: Uint8Array, tiff: boolean): ReadableKind {
  if (bytes.byteLength === 0) throw new ThumbsmithError('image.empty')
  const kind = sniff(bytes)
  if (kind === undefined) throw new ThumbsmithError('image.not_an_image')
  if (kind === 'tiff' && !tiff) throw new ThumbsmithError('image.unsupported_format', REFUSALS.tiff)
  const readable = READABLE_KINDS.find((known) => known === kind)
  if (!readable) throw new ThumbsmithError('image.unsupported_format', REFUSALS[kind as keyof typeof REFUSALS])
  if (readable === 'jpeg' && (samplePrecision(bytes) ?? 8) !== 8)
    throw new ThumbsmithError('image.unsupported_format', REFUSALS['deep jpeg'])
  return readable
}

async function readHeader(bytes: Uint8Array) {
  try {
    // Admission judges the size (limits.ts); libvips' own limit would only hide the numbers from it.
    return await sharp(bytes, { limitInputPixels: false, failOn: 'error' }).metadata()
  } catch (error) {
    throw new ThumbsmithError('image.damaged', undefined, { detail: String(error), cause: error })
  }
}
