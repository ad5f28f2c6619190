// Which of libvips' loaders may run: all are blocked, then the accepted ones are let in one by one, from memory only.
import sharp from 'sharp'
import { ThumbsmithError } from '../errors.ts'

/**
 * libvips picks a loader from the bytes, and some of its loaders read other files, run programs or were never fuzzed
 * (CVE-2026-66066). Only the `Buffer` form of each is let in: a path would let a picture read its neighbours.
 */
const ALLOWED = ['JpegBuffer', 'PngBuffer', 'WebpBuffer', 'NsgifBuffer', 'HeifBuffer']

const canary = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')

let inForce: Promise<void> | undefined

/**
 * Sets up libvips for this process, once. TIFF is let in where it is asked for: an opt-in, because its loader has had holes
 * that the others had not. Throws `internal` if the block does not hold: then nothing may be decoded.
 */
export async function guardLoaders(options: { tiff?: boolean } = {}): Promise<void> {
  inForce ??= setUp()
  await inForce
  if (options.tiff) sharp.unblock({ operation: ['VipsForeignLoadTiffBuffer'] })
}

async function setUp(): Promise<void> {
  sharp.cache(false)
  // One libvips thread a picture: the pool runs one picture per core, and more threads cost memory without gaining CPU.
  sharp.concurrency(1)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: ALLOWED.map((loader) => `VipsForeignLoad${loader}`) })
  const isBlocked = await sharp(canary)
    .metadata()
    .then(
      () => false,
      () => true,
    )
  if (!isBlocked)
    throw new ThumbsmithError(
      'internal',
      'The picture library does not hold back its unsafe loaders. Install the pinned version of sharp.',
    )
}
