// Originals of every depth and layout: what comes out is the picture that went in.
import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import { deltaE2000, labOf } from '../../test/fixtures/colour-difference.ts'
import { coloured, GRID_AVIF, picture, QUADRANTS } from '../../test/fixtures/pictures.ts'
import { probe } from './probe.ts'
import { render } from './render.ts'

async function rendered(bytes: Uint8Array, side: number): Promise<Buffer> {
  const { renditions } = await render({ bytes, presets: { it: { width: side, format: 'png' } } })
  const result = renditions.it!
  if ('failure' in result) throw new Error(result.failure.detail)
  return Buffer.from(result.rendered.bytes)
}

const rgb = (file: Buffer) => sharp(file).removeAlpha().raw().toBuffer()

/** The mean difference of the rendition from the scene that the file was made of, of 255. */
async function differenceFromScene(bytes: Buffer): Promise<number> {
  const truth = await picture({ width: 320, height: 240 }).resize(160).raw().toBuffer()
  const found = await rgb(await rendered(bytes, 160))
  expect(found.length).toBe(truth.length)
  return found.reduce((sum, value, index) => sum + Math.abs(value - truth[index]!), 0) / truth.length
}

const WRITTEN: [string, (scene: Sharp) => Sharp, Partial<Awaited<ReturnType<typeof probe>>>, number][] = [
  ['AVIF of 8 bits', (scene) => scene.avif({ effort: 0, bitdepth: 8 }), { format: 'avif', deep: false }, 5],
  ['AVIF of 10 bits', (scene) => scene.avif({ effort: 0, bitdepth: 10 }), { format: 'avif', deep: true }, 5],
  ['AVIF of 12 bits', (scene) => scene.avif({ effort: 0, bitdepth: 12 }), { format: 'avif', deep: true }, 5],
  ['PNG with a palette', (scene) => scene.png({ palette: true }), { format: 'png', deep: false }, 5],
  ['PNG of 16 bits', (scene) => scene.toColourspace('rgb16').png(), { format: 'png', deep: true }, 1],
  ['interlaced PNG', (scene) => scene.png({ progressive: true }), { format: 'png', progressive: true }, 1],
  ['interlaced PNG of 16 bits', (scene) => scene.toColourspace('rgb16').png({ progressive: true }), { deep: true }, 1],
  ['lossless WebP', (scene) => scene.webp({ lossless: true, effort: 0 }), { format: 'webp' }, 2],
  ['JPEG of 4:4:4', (scene) => scene.jpeg({ chromaSubsampling: '4:4:4' }), { chroma: '4:4:4' }, 3],
  ['GIF', (scene) => scene.gif(), { format: 'gif' }, 8],
]

test.each(WRITTEN)('%s', async (_, write, facts, most) => {
  const bytes = await write(picture({ width: 320, height: 240 })).toBuffer()
  expect(await probe(bytes)).toMatchObject({ ...facts, width: 320, height: 240 })
  expect(await differenceFromScene(bytes)).toBeLessThan(most)
})

test('AVIF of four tiles', async () => {
  const bytes = Buffer.from(GRID_AVIF, 'base64')
  expect(await probe(bytes)).toMatchObject({ format: 'avif', width: 128, height: 128, frames: 1 })
  const file = await rendered(bytes, 64)
  for (const [name, left, top] of [
    ['topLeft', 10, 10],
    ['topRight', 50, 10],
    ['bottomLeft', 10, 50],
    ['bottomRight', 50, 50],
  ] as const) {
    const pixel = await rgb(await sharp(file).extract({ left, top, width: 1, height: 1 }).png().toBuffer())
    expect(deltaE2000(labOf([...pixel], 'srgb'), labOf(QUADRANTS[name], 'srgb'))).toBeLessThan(2)
  }
})

describe('colours, by CIEDE2000', () => {
  test('the measure, by pairs of its authors', () => {
    expect(deltaE2000([50, 2.6772, -79.7751], [50, 0, -82.7485])).toBeCloseTo(2.0425, 4)
    expect(deltaE2000([50, 2.5, 0], [73, 25, -18])).toBeCloseTo(27.1492, 4)
    expect(deltaE2000([6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286])).toBeCloseTo(0.6377, 4)
  })

  const COLOURS = [
    { r: 128, g: 128, b: 128 },
    { r: 200, g: 150, b: 120 },
    { r: 90, g: 120, b: 80 },
    { r: 70, g: 90, b: 140 },
    { r: 230, g: 225, b: 210 },
    { r: 60, g: 50, b: 45 },
  ]

  test.each(COLOURS)('Display P3 $r $g $b is what its numbers mean', async (colour) => {
    const bytes = await coloured(colour, 'p3')
    const numbers = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer()
    const found = await rgb(await rendered(bytes, 100))
    expect(deltaE2000(labOf([...found.subarray(0, 3)], 'srgb'), labOf([...numbers.subarray(0, 3)], 'p3'))).toBeLessThan(
      2,
    )
  })

  // What the inks of `coloured` mean by their profile, as Pillow's ImageCms has it (perceptual); a press profile is lossy both ways.
  test.each([
    [{ r: 128, g: 128, b: 128 }, [115, 114, 113]],
    [{ r: 200, g: 150, b: 120 }, [202, 147, 109]],
    [{ r: 90, g: 120, b: 80 }, [82, 114, 62]],
    [{ r: 70, g: 90, b: 140 }, [62, 83, 128]],
    [{ r: 230, g: 225, b: 210 }, [229, 224, 211]],
    [{ r: 60, g: 50, b: 45 }, [59, 50, 35]],
  ])('CMYK inks for %o are what they mean', async (colour, meant) => {
    const found = await rgb(await rendered(await coloured(colour, 'cmyk'), 100))
    expect(deltaE2000(labOf([...found.subarray(0, 3)], 'srgb'), labOf(meant, 'srgb'))).toBeLessThan(2)
  })
})
