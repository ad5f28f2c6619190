// The boxes of ISO 14496-12, of which an AVIF is made: written from parts, and read where a file has them.

export interface Box {
  type: string
  body: Buffer
  /** Where the body begins, counted from the bytes that were read. */
  start: number
}

/** Big endian, 16 bits each. */
export function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index)
  return bytes
}

/** Big endian, 32 bits each. */
export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

/** Big endian, 64 bits each. */
export function u64(...values: (number | bigint)[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length)
  for (const [index, value] of values.entries()) bytes.writeBigUInt64BE(BigInt(value), 8 * index)
  return bytes
}

export const ascii = (text: string) => Buffer.from(text, 'latin1')

export function box(type: string, ...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 8)
  return Buffer.concat([u32(length), ascii(type), ...parts])
}

/** One that begins with its version and flags. */
export function fullBox(type: string, [version, flags]: [number, number], ...parts: Uint8Array[]): Buffer {
  return box(type, u32(version * 2 ** 24 + flags), ...parts)
}

/** The boxes that stand one behind the other from `from` to the end. Throws where they do not add up. */
export function boxesIn(bytes: Buffer, from = 0): Box[] {
  const boxes: Box[] = []
  for (let at = from; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    if (length < 8 || at + length > bytes.length) throw new Error(`a box of ${length} bytes at ${at}`)
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      body: bytes.subarray(at + 8, at + length),
      start: at + 8,
    })
    at += length
  }
  return boxes
}

/** The one box of this type. Throws where there is none, or a second. */
export function theBox(type: string, boxes: Box[]): Box {
  const [found, another] = boxes.filter((one) => one.type === type)
  if (!found || another) throw new Error(`${found ? 'more than one' : 'no'} ${type} box`)
  return found
}
