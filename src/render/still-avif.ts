// What is inside a still AVIF as our encoder writes it: the coded pictures of its primary item and of that one's transparency.
import { type Box, box, boxesIn, theBox } from './boxes.ts'

/** One coded picture. */
export interface Coded {
  /** Where its AV1 data begins, counted from the start of the media data, and how long it is; without a temporal delimiter. */
  start: number
  bytes: number
  /** What the box of this name holds, which says how to decode it. */
  av1C: Buffer
  /** The unit from which a decoder starts; a part of the file's own memory. */
  sequenceHeader: Buffer
}

export interface Still {
  colour: Coded
  alpha: Coded | undefined
  /** The place of its Exif block in the media data. */
  exif: { start: number; bytes: number } | undefined
  mediaData: Buffer
  /** The box that describes it, for media data that begin at this byte of a file, with one more property of the picture. */
  metaFor: (mediaStart: number, property: Buffer) => Buffer
}

interface Item {
  id: number
  start: number
  bytes: number
}

/** Version and flags come before what a full box holds. */
const FULL = 4
/** Version 0 of the items' places: how many bytes come before the first, and how many are for each. */
const [PLACES, PLACE] = [8, 18]
const TEMPORAL_DELIMITER = 2
const SEQUENCE_HEADER = 1

/** Throws where the file is built in any other way than by libheif for one picture: this is no reader for files of others. */
export function readStillAvif(file: Buffer): Still {
  const boxes = boxesIn(file)
  const [meta, media] = [theBox('meta', boxes), theBox('mdat', boxes)]
  const inside = boxesIn(meta.body, FULL)
  const items = itemsIn(theBox('iloc', inside).body, media.start)
  const primary = theBox('pitm', inside).body.readUInt16BE(FULL)
  const codedOf = (id: number) => coded(itemOf(items, id), propertiesOf(id, theBox('iprp', inside).body), media.body)
  const references = inside.filter(({ type }) => type === 'iref').flatMap(({ body }) => boxesIn(body, FULL))
  // From one item to others: the transparency refers to its picture, as do the notes on it.
  const referring = (type: string) =>
    references.find((one) => one.type === type && one.body.readUInt16BE(4) === primary)
  const [alpha, notes] = [referring('auxl'), referring('cdsc')]
  return {
    colour: codedOf(primary),
    alpha: alpha && codedOf(alpha.body.readUInt16BE(0)),
    exif: notes && itemOf(items, notes.body.readUInt16BE(0)),
    mediaData: media.body,
    metaFor: (mediaStart, property) => {
      const rewrite: Record<string, (body: Buffer) => Buffer> = {
        iloc: (body) => moved(body, items, mediaStart),
        iprp: (body) => withProperty(body, primary, property),
      }
      const children = inside.map(({ type, body }) => box(type, rewrite[type]?.(body) ?? body))
      return box('meta', meta.body.subarray(0, FULL), ...children)
    },
  }
}

/** ISO 14496-12, 8.11.3, version 0: numbers of four bytes, and one piece an item, counted from a base of its own. */
function itemsIn(places: Buffer, mediaStart: number): Item[] {
  const [sizes, count] = [places.readUInt16BE(FULL), places.readUInt16BE(FULL + 2)]
  if (places.readUInt32BE(0) !== 0 || sizes !== 0x4440 || places.length !== PLACES + PLACE * count)
    throw new Error('items that lie in another way than was expected')
  return Array.from({ length: count }, (_, index) => {
    const at = PLACES + PLACE * index
    if (places.readUInt32BE(at + 10) !== 0) throw new Error('an item that begins beside its base')
    const start = places.readUInt32BE(at + 4) - mediaStart
    return { id: places.readUInt16BE(at), start, bytes: places.readUInt32BE(at + 14) }
  })
}

function moved(places: Buffer, items: Item[], mediaStart: number): Buffer {
  const copy = Buffer.from(places)
  for (const [index, { start }] of items.entries()) copy.writeUInt32BE(mediaStart + start, PLACES + PLACE * index + 4)
  return copy
}

function itemOf(items: Item[], id: number): Item {
  const item = items.find((one) => one.id === id)
  if (!item) throw new Error(`no item ${id}`)
  return item
}

/** ISO 23008-12, 9.3: the properties of this item, by their place in the list, counted from 1; the highest bit is for those that a reader must know. */
function propertiesOf(id: number, properties: Buffer): Box[] {
  const inside = boxesIn(properties)
  const all = boxesIn(theBox('ipco', inside).body)
  const owners = theBox('ipma', inside).body
  const at = ownerAt(id, owners)
  return [...owners.subarray(at + 3, at + 3 + owners[at + 2]!)].map((place) => all[(place & 127) - 1]!)
}

function ownerAt(id: number, owners: Buffer): number {
  if (owners.readUInt32BE(0) !== 0) throw new Error('properties that are listed in another way than was expected')
  for (let at = FULL + 4; at < owners.length; at += 3 + owners[at + 2]!) if (owners.readUInt16BE(at) === id) return at
  throw new Error(`item ${id} has no properties`)
}

/** Put last, where it changes no other's place. */
function withProperty(properties: Buffer, id: number, property: Buffer): Buffer {
  const inside = boxesIn(properties)
  const all = theBox('ipco', inside).body
  const owners = Buffer.from(theBox('ipma', inside).body)
  const at = ownerAt(id, owners)
  const end = at + 3 + owners[at + 2]!
  owners[at + 2]! += 1
  const place = Buffer.of(boxesIn(all).length + 1)
  return Buffer.concat([box('ipco', all, property), box('ipma', owners.subarray(0, end), place, owners.subarray(end))])
}

function coded(item: Item, properties: Box[], mediaData: Buffer): Coded {
  const end = item.start + item.bytes
  let start = item.start
  let header = unitAt(mediaData, start)
  // A sample of a track has none (AV1-ISOBMFF, 2.4).
  if (header.type === TEMPORAL_DELIMITER) {
    start = header.end
    header = unitAt(mediaData, start)
  }
  if (header.type !== SEQUENCE_HEADER || header.end > end) throw new Error('a picture without a sequence header')
  return {
    start,
    bytes: end - start,
    av1C: theBox('av1C', properties).body,
    sequenceHeader: mediaData.subarray(start, header.end),
  }
}

/** AV1, 5.3: type and end of a unit that says its size. */
function unitAt(bytes: Buffer, start: number): { type: number; end: number } {
  const first = bytes[start]!
  const hasExtension = (first & 4) !== 0
  if ((first & 2) === 0) throw new Error('a unit without a size')
  let at = start + (hasExtension ? 2 : 1)
  let size = 0
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!
    size += (byte & 127) * 2 ** shift
    if (byte < 128) return { type: (first >> 3) & 15, end: at + size }
  }
}
