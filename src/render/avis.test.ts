// An animated AVIF box by box: what it says of itself, where its frames lie, and which stills cannot be frames of one.
import { expect, test } from 'vitest'
import { GRID_AVIF, picture } from '../../test/fixtures/pictures.ts'
import { expectNear, pixels } from '../../test/fixtures/renditions.ts'
import { writeAvis } from './avis.ts'
import { type Box, boxesIn, theBox } from './boxes.ts'
import { encode } from './encode.ts'
import { narrowed, saidNarrow } from './narrow-range.ts'
import type { Raw } from './raw.ts'
import { coloursIn } from './sequence-header.ts'
import { readStillAvif } from './still-avif.ts'

const SIZE = { width: 33, height: 21 }
/** How many bytes come before the boxes in a box. */
const BEFORE: Record<string, number> = { meta: 4, iref: 4, stsd: 8, av01: 78, dref: 8 }

async function frame(channels: 3 | 4, seed: number, size = SIZE): Promise<Raw> {
  const pipeline = picture({ ...size, seed })
  const data = await (channels === 4 ? pipeline.ensureAlpha(0.5) : pipeline).raw().toBuffer()
  return { ...size, channels, data }
}

const plain = { quality: undefined, behind: '#000000' }
const still = async (raw: Raw) => saidNarrow(Buffer.from((await encode([narrowed(raw)], 'avif', plain)).bytes))

/** `path` leads from box to box. */
function inside(bytes: Buffer, path: string[]): Box[] {
  const [first, ...rest] = path
  return boxesIn(bytes)
    .filter(({ type }) => type === first)
    .flatMap((box) => (rest.length ? inside(box.body.subarray(BEFORE[box.type] ?? 0), rest) : [box]))
}
const bodies = (bytes: Buffer, path: string) => inside(bytes, path.split('/')).map(({ body }) => body)
const numbers = (body: Buffer, from: number) =>
  Array.from({ length: (body.length - from) / 4 }, (_, index) => body.readUInt32BE(from + 4 * index))

test.each([3, 4] as const)('of %i channels', async (channels) => {
  const frames = await Promise.all([1, 2, 3].map((seed) => frame(channels, seed)))
  const options = { ...plain, delays: [100, 0, 250], loop: 3, copyright: 'Somebody' }
  const file = Buffer.from((await encode(frames, 'avif', options)).bytes)
  expect(boxesIn(file).map(({ type }) => type)).toEqual(['ftyp', 'meta', 'moov', 'mdat'])
  expect(bodies(file, 'ftyp')[0]!.toString('latin1')).toBe('avis\0\0\0\0avifavioavismsf1iso8mif1miafMA1B')
  const tracks = bodies(file, 'moov/trak')
  expect(tracks.map((track) => bodies(track, 'mdia/hdlr')[0]!.toString('latin1', 8, 12))).toEqual(
    channels === 4 ? ['pict', 'auxv'] : ['pict'],
  )
  expect(bodies(file, 'moov/trak/tref/auxl').map((body) => body.readUInt32BE(0))).toEqual(channels === 4 ? [1] : [])
  for (const track of tracks) {
    // Three rounds of 351 ms; the first flag says that the list is gone through again.
    expect(bodies(track, 'tkhd')[0]!.readBigUInt64BE(28)).toBe(3n * 351n)
    expect(numbers(bodies(track, 'edts/elst')[0]!, 0).slice(0, 4)).toEqual([0x01000001, 1, 0, 351])
    const table = (type: string) => bodies(track, `mdia/minf/stbl/${type}`)[0]!
    expect(numbers(table('stts'), 8)).toEqual([1, 100, 1, 1, 1, 250])
    const [sizes, starts] = [numbers(table('stsz'), 12), numbers(table('stco'), 8)]
    expect([sizes.length, starts.length]).toEqual([3, 3])
    // Each begins with a sequence header, and the last ends where the file or the first frame's notes do.
    for (const start of starts) expect(file[start]).toBe(0x0a)
    expect(starts[2]! + sizes[2]!).toBeLessThanOrEqual(file.length)
  }
  const colours = bodies(file, 'moov/trak/mdia/minf/stbl/stsd/av01/colr')
  expect(colours).toEqual(bodies(file, 'meta/iprp/ipco/colr'))
  expect(colours).toEqual([Buffer.from('nclx\0\x01\0\x0d\0\x06\0', 'latin1')])
  const notes = bodies(file, 'moov/trak/meta/iloc')[0]!
  expect(file.subarray(notes.readUInt32BE(14)).subarray(0, notes.readUInt32BE(18)).includes('Somebody')).toBe(true)
  expect(file.toString('latin1').split('Somebody')).toHaveLength(2)
})

test('its item and its first sample are the same bytes', async () => {
  const stills = await Promise.all([1, 2].map(async (seed) => still(await frame(3, seed))))
  const file = writeAvis(stills, SIZE, { delays: [40, 40], loop: 0 })
  const { colour, mediaData } = readStillAvif(file)
  const media = theBox('mdat', boxesIn(file))
  const [start] = numbers(bodies(file, 'moov/trak/mdia/minf/stbl/stco')[0]!, 8)
  expect(media.start + colour.start).toBe(start)
  const first = readStillAvif(stills[0]!)
  expect(mediaData.subarray(0, first.mediaData.length)).toEqual(first.mediaData)
  expect(bodies(file, 'moov/trak/tkhd')[0]!.readBigUInt64BE(28)).toBe(2n ** 64n - 1n)
})

test('stills of another size, or with transparency where others have none, are no frames of it', async () => {
  const first = await still(await frame(3, 1))
  const timing = { delays: [40, 40], loop: 0 }
  for (const other of [await frame(3, 2, { width: 640, height: 480 }), await frame(4, 2)]) {
    const second = await still(other)
    expect(() => writeAvis([first, second], SIZE, timing)).toThrow(
      expect.objectContaining({ code: 'image.cannot_be_rendered', message: expect.stringContaining('too different') }),
    )
  }
})

test('a still that another encoder wrote is not taken apart', () => {
  expect(() => readStillAvif(Buffer.from(GRID_AVIF, 'base64'))).toThrow('another way than was expected')
})

test('the narrow range keeps every colour, and says so', async () => {
  for (let corner = 0; corner < 8; corner++) {
    const colour = [corner & 1, corner & 2, corner & 4].map((bit) => (bit ? 255 : 0))
    const data = Buffer.from(Array.from({ length: 16 * 16 }, () => colour).flat())
    const file = await still({ width: 16, height: 16, channels: 3, data })
    const { fullRange, matrix } = coloursIn(readStillAvif(file).colour.sequenceHeader)
    expect([fullRange, matrix]).toEqual([false, 6])
    expectNear((await pixels({ bytes: file })).at(0.5, 0.5), colour, 4)
  }
})
