// Golden pictures: every fit in every format has its exact size and type, and looks as it did when somebody last looked.
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { picture } from '../../test/fixtures/pictures.ts'
import type { Preset } from '../preset.ts'
import { FORMAT_EXTENSION, OUTPUT_FORMATS } from '../preset-words.ts'
import { render } from './render.ts'
import { sniff } from './sniff.ts'

const LAYOUTS: Record<string, Partial<Preset>> = {
  inside: { fit: 'inside' },
  contain: { fit: 'contain', background: '#336699' },
  'contain, blurred': { fit: 'contain', background: 'blur' },
  'cover, right': { fit: 'cover', position: 'right' },
  'cover, attention': { fit: 'cover', position: 'attention' },
  fill: { fit: 'fill' },
}

/** Looked at, then written down: the size, and in which of 8 x 8 places it grows lighter to the right. */
const GOLDEN: Record<string, [width: number, height: number, hash: string]> = {
  inside: [160, 107, '00080816c6c61200'],
  contain: [160, 160, '00000804c6c20000'],
  'contain, blurred': [160, 160, '00000804c6c20000'],
  'cover, right': [160, 160, '002020480c0e4600'],
  'cover, attention': [160, 160, '0030300c0c162600'],
  fill: [160, 160, '00080806c6c61200'],
}

/** Of 64: encoders and processors differ by one or two; another picture, or one turned, by ten and more. */
const APART_MAX = 3

/** Film grain is no difference. */
const GRAIN = 4

/** The difference hash of a picture: robust against sizes, encoders and small changes of brightness. */
async function differenceHash(bytes: Uint8Array): Promise<bigint> {
  const pixels = await sharp(bytes)
    .flatten({ background: '#000' })
    .greyscale()
    .resize(9, 8, { fit: 'fill' })
    .raw()
    .toBuffer()
  let hash = 0n
  for (let y = 0; y < 8; y++)
    for (let x = 0; x < 8; x++) hash = (hash << 1n) | (pixels[9 * y + x + 1]! > pixels[9 * y + x]! + GRAIN ? 1n : 0n)
  return hash
}

const apart = (a: bigint, b: bigint) => (a ^ b).toString(2).replaceAll('0', '').length

test.each(Object.keys(LAYOUTS))('%s', async (name) => {
  const bytes = await picture({ width: 480, height: 320, seed: 5 }).jpeg({ quality: 90 }).toBuffer()
  const presets = Object.fromEntries(
    OUTPUT_FORMATS.map((format) => [format, { width: 160, height: 160, ...LAYOUTS[name], format }]),
  )
  const { renditions } = await render({ bytes, presets })
  const [width, height, hash] = GOLDEN[name] ?? []
  for (const [format, result] of Object.entries(renditions)) {
    if ('failure' in result) throw new Error(result.failure.detail)
    const { rendered } = result
    const found = await differenceHash(rendered.bytes)
    expect([format, rendered.width, rendered.height, sniff(rendered.bytes), rendered.contentType]).toEqual([
      format,
      width,
      height,
      format,
      `image/${format}`,
    ])
    expect(FORMAT_EXTENSION[rendered.format]).toBeDefined()
    expect(apart(found, BigInt(`0x${hash}`)), `${format} is ${found.toString(16)}`).toBeLessThanOrEqual(APART_MAX)
  }
})

test('the hash tells other pictures apart', async () => {
  const hashes = await Promise.all(
    [1, 2, 3].map(async (seed) => differenceHash(await picture({ width: 160, height: 120, seed }).png().toBuffer())),
  )
  const turned = await differenceHash(await picture({ width: 160, height: 120, seed: 1 }).flop().png().toBuffer())
  for (const other of [...hashes.slice(1), turned]) expect(apart(hashes[0]!, other)).toBeGreaterThanOrEqual(10)
})
