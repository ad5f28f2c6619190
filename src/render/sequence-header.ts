// What the sequence header of a still in AV1 says of its colours, as numbers of H.273, and the one bit that says their range.

export interface CodedColours {
  primaries: number
  transfer: number
  matrix: number
  fullRange: boolean
  /** The bit that says so, counted from the start of the header. */
  rangeBit: number
}

const UNSAID = 2

/** AV1, 5.5. Throws for anything but a still in colour, of the main profile and 8 bits. */
export function coloursIn(header: Uint8Array): CodedColours {
  const read = (at: number, bits: number) => {
    let value = 0
    for (let bit = at; bit < at + bits; bit++) value = 2 * value + ((header[bit >> 3]! >> (7 - (bit & 7))) & 1)
    return value
  }
  // The unit's type and its size take a byte each; then profile, still_picture, reduced_still_picture_header, level.
  if (read(16, 5) !== 0b00011) throw new Error('a still of the main profile was expected')
  // Both sides are written with as many bits as they need, less one.
  const tools = 34 + read(26, 4) + 1 + read(30, 4) + 1
  // After six tools: high_bitdepth, mono_chrome, color_description_present_flag.
  if (read(tools + 6, 2) !== 0) throw new Error('a picture in colour, of 8 bits, was expected')
  const described = tools + 9
  const isDescribed = read(described - 1, 1) === 1
  const rangeBit = described + (isDescribed ? 24 : 0)
  return {
    primaries: isDescribed ? read(described, 8) : UNSAID,
    transfer: isDescribed ? read(described + 8, 8) : UNSAID,
    matrix: isDescribed ? read(described + 16, 8) : UNSAID,
    fullRange: read(rangeBit, 1) === 1,
    rangeBit,
  }
}
