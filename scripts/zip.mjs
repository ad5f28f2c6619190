// A zip file from a folder, the same bytes for the same files: names in order, one time stamp, as small as deflate makes it.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'

/** 1980-01-01, the first day that a zip file knows. */
const DATE = 0x0021
const UTF8_NAMES = 0x0800
const DEFLATED = 8
const READABLE_BY_ALL = (0o100644 << 16) >>> 0
const VERSION_UNIX = 0x0314

/** The whole file as bytes. */
export function zipFolder(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const parts = []
  const directory = []
  let offset = 0
  for (const file of files) {
    const name = Buffer.from(relative(folder, file).split(sep).join('/'))
    const bytes = readFileSync(file)
    const packed = deflateRawSync(bytes, { level: 9 })
    // What both headers say of a file, from the version needed to the length of the name.
    const facts = Buffer.alloc(24)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(UTF8_NAMES, 2)
    facts.writeUInt16LE(DEFLATED, 4)
    facts.writeUInt16LE(DATE, 8)
    facts.writeUInt32LE(crc32(bytes), 10)
    facts.writeUInt32LE(packed.length, 14)
    facts.writeUInt32LE(bytes.length, 18)
    facts.writeUInt16LE(name.length, 22)
    const local = [Buffer.from('PK\x03\x04'), facts, Buffer.alloc(2), name, packed]
    const entry = Buffer.alloc(16)
    entry.writeUInt32LE(READABLE_BY_ALL, 8)
    entry.writeUInt32LE(offset, 12)
    const madeBy = Buffer.alloc(2)
    madeBy.writeUInt16LE(VERSION_UNIX)
    directory.push(Buffer.from('PK\x01\x02'), madeBy, facts, entry, name)
    parts.push(...local)
    offset += local.reduce((sum, part) => sum + part.length, 0)
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.length, 4)
  end.writeUInt16LE(files.length, 6)
  end.writeUInt32LE(size, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, ...directory, Buffer.from('PK\x05\x06'), end])
}
