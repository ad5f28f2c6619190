// The one thing of an original's EXIF that its renditions keep: the copyright notice.

/** TIFF 6.0: tag 33432, of type 2 (ASCII). Photographer's and editor's notice are separated by NUL (EXIF 2.3). */
const COPYRIGHT = 0x8298
const ASCII = 2
const LENGTH_MAX = 500

/** The notice, `undefined` where there is none or the block cannot be read. `exif` may begin with "Exif\\0\\0". */
export function readCopyright(exif: Uint8Array): string | undefined {
  const block = Buffer.from(exif.buffer, exif.byteOffset, exif.byteLength)
  const tiff = block.toString('latin1', 0, 4) === 'Exif' ? block.subarray(6) : block
  try {
    return noticeIn(new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength), tiff)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Reads beyond the end throw a RangeError. */
function noticeIn(view: DataView, tiff: Buffer): string | undefined {
  const little = view.getUint16(0) === 0x4949
  const directory = view.getUint32(4, little)
  const count = view.getUint16(directory, little)
  for (let entry = directory + 2; entry < directory + 2 + 12 * count; entry += 12) {
    if (view.getUint16(entry, little) !== COPYRIGHT || view.getUint16(entry + 2, little) !== ASCII) continue
    const length = Math.min(view.getUint32(entry + 4, little), LENGTH_MAX)
    const start = length <= 4 ? entry + 8 : view.getUint32(entry + 8, little)
    const text = tiff.toString('utf8', start, start + length)
    return (
      text
        .split('\0')
        .map((notice) => notice.trim())
        .filter(Boolean)
        .join(' / ') || undefined
    )
  }
  return undefined
}
