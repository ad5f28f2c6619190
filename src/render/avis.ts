// An animated AVIF (an image sequence, brand `avis`) made of stills: each frame stands for itself, and the first is the still that other readers show.
import { ThumbsmithError } from '../errors.ts'
import { ascii, box, fullBox, u16, u32, u64 } from './boxes.ts'
import type { Size } from './geometry.ts'
import { coloursIn } from './sequence-header.ts'
import { type Coded, readStillAvif, type Still } from './still-avif.ts'

export interface Timing {
  /** Milliseconds per frame. */
  delays: number[]
  /** Rounds; 0: for ever. */
  loop: number
}

interface Track {
  id: number
  handler: 'pict' | 'auxv'
  size: Size
  /** Where each frame stands in the file, and how long it is. */
  samples: { start: number; bytes: number }[]
  decoding: Coded
  /** Notes on the whole, as items of the track. */
  notes: Uint8Array
}

const NONE = new Uint8Array(0)
const MILLISECONDS = 1_000
const ENDLESS = 2n ** 64n - 1n
const UNITY = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
const ALPHA = ascii('urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0')

/**
 * One file from stills of one size and one set of settings. Bytes of the file depend on these alone: no time is written into it.
 * Throws `image.cannot_be_rendered` where the stills cannot share one decoder.
 */
export function writeAvis(files: Buffer[], size: Size, { delays, loop }: Timing): Buffer {
  const stills = files.map(readStillAvif)
  const first = stills[0]!
  if (!stills.every((still) => isAlike(still.colour, first.colour) && isAlike(still.alpha, first.alpha)))
    throw new ThumbsmithError(
      'image.cannot_be_rendered',
      'The frames came out too different for one animated AVIF; a WebP can hold them.',
    )
  const header = (mediaStart: number) => {
    const tracks = tracksOf(stills, size, mediaStart)
    return Buffer.concat([
      fileType(first.colour),
      first.metaFor(mediaStart, coloursBox(first.colour)),
      movie(tracks, delays, loop),
    ])
  }
  // Every number has a fixed width, so that where the data begin does not depend on what is written there.
  const mediaStart = header(0).length + 8
  return Buffer.concat([header(mediaStart), box('mdat', ...stills.map(({ mediaData }) => mediaData))])
}

function isAlike(one: Coded | undefined, other: Coded | undefined): boolean {
  if (!one || !other) return one === other
  return one.av1C.equals(other.av1C) && one.sequenceHeader.equals(other.sequenceHeader)
}

function tracksOf(stills: Still[], size: Size, mediaStart: number): Track[] {
  const { colour, alpha, exif } = stills[0]!
  const samplesOf = (part: 'colour' | 'alpha') => {
    let at = mediaStart
    return stills.map((still) => {
      const { start, bytes } = still[part]!
      const sample = { start: at + start, bytes }
      at += still.mediaData.length
      return sample
    })
  }
  const notes = exif ? notesOf({ start: mediaStart + exif.start, bytes: exif.bytes }) : NONE
  const pictures = samplesOf('colour')
  const tracks: Track[] = [{ id: 1, handler: 'pict', size, samples: pictures, decoding: colour, notes }]
  if (!alpha) return tracks
  return [...tracks, { id: 2, handler: 'auxv', size, samples: samplesOf('alpha'), decoding: alpha, notes: NONE }]
}

/** AVIF, 6 to 8: `avio` because a decoder can start from every frame, `MA1B` for the main profile up to level 5.1. */
function fileType({ av1C }: Coded): Buffer {
  const [, profileAndLevel = 0xff] = av1C
  const baseline = profileAndLevel <= 13 ? 'MA1B' : ''
  return box('ftyp', ascii('avis'), u32(0), ascii(`avifavioavismsf1iso8mif1miaf${baseline}`))
}

/** A still that says nothing has the full range (MIAF, 7.3.6.4). */
function coloursBox({ sequenceHeader }: Coded): Buffer {
  const { primaries, transfer, matrix, fullRange } = coloursIn(sequenceHeader)
  return box('colr', ascii('nclx'), u16(primaries, transfer, matrix), Buffer.of(fullRange ? 128 : 0))
}

function notesOf({ start, bytes }: { start: number; bytes: number }): Buffer {
  const place = fullBox('iloc', [0, 0], u16(0x4400, 1, 1, 0, 1), u32(start, bytes))
  const item = fullBox('infe', [2, 0], u16(1, 0), ascii('Exif\0'))
  return fullBox('meta', [0, 0], handler('pict'), place, fullBox('iinf', [0, 0], u16(1), item))
}

const handler = (type: string) => fullBox('hdlr', [0, 0], u32(0), ascii(type), u32(0, 0, 0), Buffer.of(0))

function movie(tracks: Track[], delays: number[], loop: number): Buffer {
  // A GIF may say 0, which no sample of a track can last.
  const durations = delays.map((delay) => Math.max(1, Math.round(delay)))
  const once = durations.reduce((sum, duration) => sum + duration, 0)
  const whole = loop === 0 ? ENDLESS : BigInt(once) * BigInt(loop)
  const head = [u64(0, 0), u32(MILLISECONDS), u64(whole), u32(0x10000), u16(0x100, 0), u64(0), UNITY, Buffer.alloc(24)]
  const round = fullBox('elst', [1, loop === 1 ? 0 : 1], u32(1), u64(once, 0), u16(1, 0))
  return box(
    'moov',
    fullBox('mvhd', [1, 0], ...head, u32(tracks.length + 1)),
    ...tracks.map((track) => {
      const { id, size, notes } = track
      const fixed = u32(size.width * 0x10000, size.height * 0x10000)
      return box(
        'trak',
        fullBox('tkhd', [1, 3], u64(0, 0), u32(id, 0), u64(whole, 0), u64(0), UNITY, fixed),
        track.handler === 'auxv' ? box('tref', box('auxl', u32(1))) : NONE,
        box('edts', round),
        notes,
        media(track, durations, once),
      )
    }),
  )
}

function media(track: Track, durations: number[], once: number): Buffer {
  const undetermined = 0x55c4
  const here = fullBox('dref', [0, 0], u32(1), fullBox('url ', [0, 1]))
  return box(
    'mdia',
    fullBox('mdhd', [1, 0], u64(0, 0), u32(MILLISECONDS), u64(once), u16(undetermined, 0)),
    handler(track.handler),
    box('minf', fullBox('vmhd', [0, 1], u64(0)), box('dinf', here), sampleTable(track, durations)),
  )
}

/** Each frame is a chunk of its own; all are sync samples, which having no `stss` says. */
function sampleTable(track: Track, durations: number[]): Buffer {
  const { samples } = track
  return box(
    'stbl',
    fullBox('stsd', [0, 0], u32(1), sampleEntry(track)),
    fullBox('stts', [0, 0], u32(durations.length), ...durations.map((duration) => u32(1, duration))),
    fullBox('stsc', [0, 0], u32(1, 1, 1, 1)),
    fullBox('stsz', [0, 0], u32(0, samples.length, ...samples.map(({ bytes }) => bytes))),
    fullBox('stco', [0, 0], u32(samples.length, ...samples.map(({ start }) => start))),
  )
}

function sampleEntry({ handler: kind, size, decoding }: Track): Buffer {
  const { width, height } = size
  const inch = u32(0x480000, 0x480000, 0)
  const depth = u16(0x18, 0xffff)
  return box(
    'av01',
    Buffer.concat([u32(0), u16(0, 1), Buffer.alloc(16), u16(width, height), inch, u16(1), Buffer.alloc(32), depth]),
    box('av1C', decoding.av1C),
    kind === 'pict' ? coloursBox(decoding) : NONE,
    // No frame looks at another: all_ref_pics_intra, intra_pred_used, no references.
    fullBox('ccst', [0, 0], u32(0xc0000000)),
    kind === 'auxv' ? fullBox('auxi', [0, 0], ALPHA) : NONE,
  )
}
