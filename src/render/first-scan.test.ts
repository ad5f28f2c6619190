// The first scan of a progressive JPEG against libjpeg's own picture of an eighth, whatever its sampling, its restarts or its damage.
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import * as pictures from '../../test/fixtures/pictures.ts'
import { decodeFirstScan } from './first-scan.ts'
import { render } from './render.ts'

async function meanDifference(bytes: Uint8Array): Promise<number> {
  const small = decodeFirstScan(bytes)
  if (!small) throw new Error('it was not read')
  const { width, height } = small
  // What the blocks' means are: a box of 8 x 8 over the decoded picture, the edge repeated to whole blocks.
  const whole = await sharp(bytes).metadata()
  const padded = await sharp(bytes)
    .toColourspace('srgb')
    .extend({ right: 8 * width - whole.width, bottom: 8 * height - whole.height, extendWith: 'copy' })
    .raw()
    .toBuffer()
  let sum = 0
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++) {
        let mean = 0
        for (let dy = 0; dy < 8; dy++)
          for (let dx = 0; dx < 8; dx++) mean += padded[3 * ((8 * y + dy) * 8 * width + 8 * x + dx) + channel]! / 64
        sum += Math.abs(mean - small.data[3 * (y * width + x) + channel]!)
      }
  return sum / (3 * width * height)
}

describe('reads', () => {
  test.each([
    ['4:2:0', { chromaSubsampling: '4:2:0' }],
    ['4:4:4', { chromaSubsampling: '4:4:4' }],
  ] as const)('%s', async (_, options) => {
    const bytes = await pictures
      .picture({ width: 803, height: 597 })
      .jpeg({ progressive: true, ...options })
      .toBuffer()
    expect(decodeFirstScan(bytes)).toMatchObject({ width: 101, height: 75, channels: 3 })
    expect(await meanDifference(bytes)).toBeLessThan(3)
  })

  test.each(['restarts', 'wide', 'tall'] as const)('%s', async (name) => {
    expect(await meanDifference(Buffer.from(pictures.ODD_PROGRESSIVE[name], 'base64'))).toBeLessThan(4)
  })

  test('grey', async () => {
    const grey = pictures.picture().greyscale().toColourspace('b-w')
    expect(await meanDifference(await grey.jpeg({ progressive: true }).toBuffer())).toBeLessThan(3)
  })
})

test('leaves alone what it cannot read', async () => {
  const progressive = await pictures.picture().jpeg({ progressive: true }).toBuffer()
  const baseline = await pictures.photo()
  const inks = await pictures.picture().toColourspace('cmyk').jpeg({ progressive: true }).toBuffer()
  const cut = progressive.subarray(0, progressive.length - 2)
  const mixed = Buffer.from(pictures.ODD_PROGRESSIVE.mixed, 'base64')
  for (const bytes of [baseline, inks, mixed, cut, progressive.subarray(0, 700), Buffer.alloc(0)])
    expect(decodeFirstScan(bytes)).toBeUndefined()
})

test('ends on every file that was cut or changed', async () => {
  const whole = await pictures.picture({ width: 160, height: 120 }).jpeg({ progressive: true }).toBuffer()
  for (let n = 0; n < 400; n++) {
    const bytes = Buffer.from(n % 2 ? whole.subarray(0, (n * 7_919) % whole.length) : whole)
    for (let change = 0; change < 3 && bytes.length; change++)
      bytes[(n * 104_729 + change * 611_953) % bytes.length] = (n * 31 + change) & 255
    const small = decodeFirstScan(bytes)
    if (small) expect(small.data.length).toBe(small.width * small.height * 3)
  }
})

test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('stands upright: EXIF %i', async (orientation) => {
  const baseline = await pictures.turned(orientation, 1_600)
  const progressive = await sharp(baseline).keepMetadata().jpeg({ progressive: true, quality: 95 }).toBuffer()
  const presets = { it: { width: 120, format: 'png' } } as const
  const [first, whole] = await Promise.all([
    render({ bytes: progressive, presets }),
    render({ bytes: baseline, presets }),
  ])
  expect(first.facts).toMatchObject({ width: 1_600, orientation })
  const pixels = await Promise.all(
    [first, whole].map(async ({ renditions }) => {
      if (!('rendered' in renditions.it!)) throw new Error('it failed')
      return sharp(renditions.it.rendered.bytes).raw().toBuffer()
    }),
  )
  const [a, b] = pixels as [Buffer, Buffer]
  expect(a.length).toBe(b.length)
  expect(a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length).toBeLessThan(3)
})
