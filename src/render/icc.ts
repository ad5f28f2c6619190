// Whether a colour profile is sRGB under one of its names; reads the description of an ICC profile.

/** ICC.1:2022 7.2: a 128-byte header, a count, then 12 bytes a tag: signature, offset, size. */
const TAGS = 128
const SRGB = /^(s|u)RGB|^IEC 61966-?2[.-]1|^c2$/i

/** True only when the profile calls itself sRGB: anything else costs a conversion, never a wrong colour. */
export function isSrgb(profile: Uint8Array): boolean {
  return SRGB.test(describeProfile(profile))
}

/** Do its numbers mean red, green and blue? (ICC.1:2022 7.2.8) */
export function isRgb(profile: Uint8Array): boolean {
  return Buffer.from(profile.buffer, profile.byteOffset, profile.byteLength).toString('latin1', 16, 20) === 'RGB '
}

/** The profile's own description, `''` where it has none that can be read. */
export function describeProfile(profile: Uint8Array): string {
  const bytes = Buffer.from(profile.buffer, profile.byteOffset, profile.byteLength)
  if (bytes.length < TAGS + 4) return ''
  const count = Math.min(bytes.readUInt32BE(TAGS), 100)
  for (let index = 0; index < count; index++) {
    const entry = TAGS + 4 + 12 * index
    if (entry + 12 > bytes.length) return ''
    if (bytes.toString('latin1', entry, entry + 4) === 'desc') return readText(bytes, bytes.readUInt32BE(entry + 4))
  }
  return ''
}

function readText(bytes: Buffer, offset: number): string {
  if (offset + 28 > bytes.length) return ''
  const type = bytes.toString('latin1', offset, offset + 4)
  if (type === 'desc') {
    const length = bytes.readUInt32BE(offset + 8)
    return bytes.toString('latin1', offset + 12, Math.min(offset + 12 + length, bytes.length)).replaceAll('\0', '')
  }
  if (type !== 'mluc') return ''
  const length = bytes.readUInt32BE(offset + 20)
  const start = offset + bytes.readUInt32BE(offset + 24)
  const utf16 = Buffer.from(bytes.subarray(start, start + length - (length % 2)))
  return utf16.length % 2 === 0 ? utf16.swap16().toString('utf16le').replaceAll('\0', '') : ''
}
