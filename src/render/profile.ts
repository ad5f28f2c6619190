// Raw pixels and the colour profile that says what they mean, as a file in memory from which sharp takes both.
import { type Raw, sharpOf } from './raw.ts'

/** The signature and the header chunk: the profile's chunk must come before the pixels' (PNG, 5.6). */
const HEADER_BYTES = 33

/** An uncompressed PNG that carries this ICC profile: sharp writes only profiles that it knows, or reads from a path. */
export async function pngWithProfile(picture: Raw, profile: Uint8Array): Promise<Buffer> {
  const { crc32, deflateSync } = await import('node:zlib')
  const png = await sharpOf(picture).png({ compressionLevel: 0 }).toBuffer()
  const body = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), deflateSync(profile)])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length - 4)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([png.subarray(0, HEADER_BYTES), length, body, check, png.subarray(HEADER_BYTES)])
}
