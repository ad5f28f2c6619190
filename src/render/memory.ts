// The memory that a render takes at its peak, from the header alone: measured, not guessed. Pure.
import type { Probe } from './probe.ts'

/** How an original is decoded: all of it, scaled on the way where its format can, or the first scan of a progressive JPEG alone. */
export type Lane = 'whole' | 'first scan'

/** A Node process with sharp and Skia loaded, before any picture. */
const IDLE_BYTES = 75_000_000
/** Per pixel of the original: a byte a component and block of 64 pixels, then RGB, then the same upright. */
const FIRST_SCAN_BYTES = 9 / 64
/** libvips keeps about this many rows of a picture that it reads from top to bottom. */
const ROWS_KEPT = 1_300

/**
 * Peak memory of the process in bytes. Per pixel of the original it differs a hundredfold by kind; measured with
 * sharp 0.35.5 (libvips 8.18.7) on files of 12 to 268 megapixels, rounded up.
 * `decodedPixels` are those of the one decode, `largestCanvas` those of the largest rendition, over all frames.
 */
export function estimateMemory(original: Probe, lane: Lane, decodedPixels: number, largestCanvas: number): number {
  const { width, height } = original
  const decode = width * height * (lane === 'first scan' ? FIRST_SCAN_BYTES : bytesPerPixel(original))
  const rows = readsByRow(original) ? ROWS_KEPT * width * (original.deep ? 2 : 1) : 0
  // The decoded picture, then a canvas and the encoder's copy of it: at most four bytes a pixel each.
  return Math.round(IDLE_BYTES + original.bytes + decode + rows + 4 * decodedPixels + 8 * largestCanvas)
}

const readsByRow = ({ format, progressive }: Probe) => (format === 'png' && !progressive) || format === 'tiff'

function bytesPerPixel(original: Probe): number {
  const { format, progressive, cmyk, deep } = original
  switch (format) {
    case 'jpeg':
      if (!progressive) return cmyk ? 2.2 : 0.15
      return cmyk ? 8.2 : chromaCost(original.chroma)
    case 'png':
      return (progressive ? 4.6 : 0.8) * (deep ? 2 : 1)
    case 'webp':
      return 0.5
    case 'avif':
      return deep ? 24 : 18
    case 'gif':
      return 4.6
    case 'tiff':
      return 6 * (deep ? 2 : 1)
  }
}

/** libjpeg holds every coefficient of a progressive picture: two bytes each, fewer where colour is subsampled. */
function chromaCost(chroma: string | undefined): number {
  if (chroma?.startsWith('4:2:0')) return 3.05
  return chroma?.startsWith('4:2:2') ? 4.1 : 6.1
}
