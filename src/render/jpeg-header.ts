// The segments of a progressive JPEG up to its first scan, as far as that scan needs them.

export interface Component {
  /** Blocks an MCU. */
  across: number
  down: number
  /** Of the DC coefficient. */
  quantizer: number
  /** T.81, B.2.4.2: how many codes there are of each length, and what they stand for. */
  lengths: Uint8Array
  symbols: Uint8Array
}

export interface Header {
  width: number
  height: number
  components: Component[]
  /** How many bits later scans add to the coefficients. */
  shift: number
  /** MCUs between restart markers; 0: none. */
  restartInterval: number
  /** Where the scan's bits begin. */
  scanStart: number
}

interface Segments {
  frame?: { width: number; height: number; components: { id: number; across: number; down: number; table: number }[] }
  quantizers: (number | undefined)[]
  codes: ({ lengths: Uint8Array; symbols: Uint8Array } | undefined)[]
  restartInterval: number
}

const SOF2 = 0xc2
const DHT = 0xc4
const DQT = 0xdb
const DRI = 0xdd
const SOS = 0xda
/** What cannot be read here: any other frame (T.81, table B.1), arithmetic codes, a height that comes later. */
const OTHER = new Set([0xc0, 0xc1, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xdc])

/**
 * `undefined` unless this is a progressive Huffman JPEG of 8 bits, grey or YCbCr, whose first scan holds the first bits of the DC
 * coefficients of all components.
 */
export function readHeader(bytes: Uint8Array): Header | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const segments: Segments = { quantizers: [], codes: [], restartInterval: 0 }
  let position = 2
  while (position + 4 <= bytes.length) {
    if (bytes[position] !== 0xff) return undefined
    const marker = bytes[position + 1]!
    if (marker === 0xff) {
      position++
      continue
    }
    const end = position + 2 + view.getUint16(position + 2)
    if (end > bytes.length || OTHER.has(marker)) return undefined
    const body = bytes.subarray(position + 4, end)
    if (marker === SOS) return headerOf(segments, body, end)
    if (!readSegment(segments, marker, body)) return undefined
    position = end
  }
  return undefined
}

function readSegment(segments: Segments, marker: number, body: Uint8Array): boolean {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  if (marker === SOF2) return readFrame(segments, body, view)
  if (marker === DQT) return readQuantizers(segments, body, view)
  if (marker === DHT) return readCodes(segments, body)
  if (marker === DRI && body.length >= 2) segments.restartInterval = view.getUint16(0)
  // APP14, "Adobe": transform 0 means that the components are RGB.
  return !(marker === 0xee && body.length >= 12 && body[0] === 0x41 && body[11] === 0)
}

function readFrame(segments: Segments, body: Uint8Array, view: DataView): boolean {
  const count = body[5] ?? 0
  if (body[0] !== 8 || (count !== 1 && count !== 3) || body.length < 6 + 3 * count) return false
  const components = Array.from({ length: count }, (_, index) => {
    const at = 6 + 3 * index
    return { id: body[at]!, across: body[at + 1]! >> 4, down: body[at + 1]! & 15, table: body[at + 2]! }
  })
  segments.frame = { height: view.getUint16(1), width: view.getUint16(3), components }
  const [first, second, third] = components
  const isSampled = components.every(({ across, down }) => across >= 1 && across <= 4 && down >= 1 && down <= 4)
  // One component alone is stored without MCUs (T.81, A.2.2).
  if (!second || !third) return isSampled && first!.across === 1 && first!.down === 1
  const isAlike = second.across === third.across && second.down === third.down
  const isFiner = first!.across % second.across === 0 && first!.down % second.down === 0
  return isSampled && isAlike && isFiner && segments.frame.width > 0 && segments.frame.height > 0
}

function readQuantizers(segments: Segments, body: Uint8Array, view: DataView): boolean {
  for (let at = 0; at < body.length; ) {
    const isWide = body[at]! >> 4 > 0
    const length = isWide ? 129 : 65
    if (at + length > body.length) return false
    segments.quantizers[body[at]! & 15] = isWide ? view.getUint16(at + 1) : body[at + 1]!
    at += length
  }
  return true
}

function readCodes(segments: Segments, body: Uint8Array): boolean {
  for (let at = 0; at < body.length; ) {
    const lengths = body.subarray(at + 1, at + 17)
    const count = lengths.reduce((sum, length) => sum + length, 0)
    if (lengths.length < 16 || count > 256 || at + 17 + count > body.length || !isPrefixFree(lengths)) return false
    if (body[at]! >> 4 === 0)
      segments.codes[body[at]! & 15] = { lengths, symbols: body.subarray(at + 17, at + 17 + count) }
    at += 17 + count
  }
  return true
}

/** Kraft: more codes than there is room for belong to no tree. */
function isPrefixFree(lengths: Uint8Array): boolean {
  return lengths.reduce((room, count, index) => room - count * 2 ** (15 - index), 65_536) >= 0
}

function headerOf({ frame, quantizers, codes, restartInterval }: Segments, body: Uint8Array, scanStart: number) {
  const count = body[0]!
  if (!frame || count !== frame.components.length || body.length < 4 + 2 * count) return undefined
  const [spectrumStart, spectrumEnd, approximation] = body.subarray(1 + 2 * count)
  if (spectrumStart !== 0 || spectrumEnd !== 0 || approximation! >> 4 !== 0) return undefined
  const components: Component[] = []
  for (const [index, { id, across, down, table }] of frame.components.entries()) {
    const quantizer = quantizers[table]
    const code = codes[body[2 + 2 * index]! >> 4]
    if (body[1 + 2 * index] !== id || quantizer === undefined || !code) return undefined
    components.push({ across, down, quantizer, ...code })
  }
  const { width, height } = frame
  return { width, height, components, shift: approximation! & 15, restartInterval, scanStart }
}

/** Bits a sample, from the frame header; `undefined` where none is found. */
export function samplePrecision(bytes: Uint8Array): number | undefined {
  for (let position = 2; position + 4 < bytes.length; ) {
    const marker = bytes[position + 1]!
    if (bytes[position] !== 0xff || marker === SOS) return undefined
    if (marker === 0xff) position++
    else if (marker === SOF2 || (marker !== 0xdc && OTHER.has(marker))) return bytes[position + 4]
    else position += 2 + ((bytes[position + 2]! << 8) | bytes[position + 3]!)
  }
  return undefined
}
