// The loss of a JPEG as a proof shows it, beside that of the server's encoder.
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { encode } from '../../src/render/encode.ts'
import { tableFor, throughJpeg } from '../../web/proof/jpeg.ts'
import { picture } from '../fixtures/pictures.ts'

/** The first table of a JPEG, as it stands in the file: along the diagonals. */
function firstTable(bytes: Uint8Array): number[] {
  const at = Buffer.from(bytes).indexOf(Buffer.from([0xff, 0xdb]))
  return [...bytes.subarray(at + 5, at + 69)]
}

const DIAGONALS = Array.from({ length: 64 }, (_, at) => at).sort((a, b) => {
  const [rowA, rowB] = [a >> 3, b >> 3]
  const [sumA, sumB] = [rowA + (a & 7), rowB + (b & 7)]
  return sumA - sumB || (sumA % 2 ? rowA - rowB : rowB - rowA)
})

it.each([30, 55, 80, 95])('is that of the server at quality %i', async (quality) => {
  // 357 x 203: neither side is a multiple of the blocks.
  const source = picture({ width: 357, height: 203, seed: 4 })
  const { data, info } = await source.raw().toBuffer({ resolveWithObject: true })
  const raw = { data, width: info.width, height: info.height, channels: 3 as const }
  const { bytes } = await encode([raw], 'jpeg', { quality, behind: '#000000' })
  const table = tableFor(quality)
  expect(DIAGONALS.map((at) => table[at])).toEqual(firstTable(bytes))

  const rgba = await sharp(data, { raw: { ...info, channels: 3 } })
    .ensureAlpha()
    .raw()
    .toBuffer()
  const lost = throughJpeg({ width: info.width, height: info.height, data: new Uint8ClampedArray(rgba) }, quality)
  const shipped = await sharp(bytes).ensureAlpha().raw().toBuffer()
  const difference = (other: ArrayLike<number>) =>
    shipped.reduce((sum, value, at) => sum + Math.abs(value - other[at]!), 0)
  expect(difference(lost.data) / shipped.length).toBeLessThan(0.7)
  expect(difference(lost.data)).toBeLessThan(0.5 * difference(rgba))
})
