// What renditions tell of whoever took the picture: nothing but the copyright notice, whatever the original carries.
import sharp from 'sharp'
import { expect, test } from 'vitest'
import * as telling from '../../test/fixtures/private-tags.ts'
import { OUTPUT_FORMATS } from '../preset-words.ts'
import { render } from './render.ts'

const ORIGINALS = { jpeg: telling.tellingJpeg, png: telling.tellingPng, webp: telling.tellingWebp }
/** What libvips writes around a notice: that it stands upright, resolution, versions, colour space, size and the pointer to them. */
const HARMLESS = [0x0112, 0x011a, 0x011b, 0x0128, 0x0213, 0x8769, 0x9000, 0x9101, 0xa000, 0xa001, 0xa002, 0xa003]
const MAY_CARRY = ['JFIF', 'Exif', 'eXIf', 'EXIF', 'pHYs']

test('the originals hold far more than 79 kinds of private values', async () => {
  expect(telling.KINDS).toBeGreaterThan(79)
  const jpeg = await telling.tellingJpeg()
  const { exif, xmp, iptc } = await sharp(jpeg).metadata()
  expect([
    telling.exifTags(exif!).length > 79,
    xmp!.includes(telling.PRIVATE),
    iptc!.includes(telling.PRIVATE),
  ]).toEqual([true, true, true])
  expect(telling.carriedBy(jpeg)).toEqual(['Exif', 'http://ns.', 'Photoshop ', 'MPF', 'PRIVATE ma', 'PRIVATE co'])
})

test.each(Object.entries(ORIGINALS))('nothing private of a %s is in any format', async (_, make) => {
  const bytes = await make()
  expect(bytes.includes(telling.PRIVATE)).toBe(true)
  const presets = Object.fromEntries(
    [...OUTPUT_FORMATS, 'same' as const].map((format) => [format, { width: 100, format, profile: 'keep' as const }]),
  )
  const { renditions } = await render({ bytes, presets })
  for (const [format, result] of Object.entries(renditions)) {
    if ('failure' in result) throw new Error(result.failure.detail)
    const file = Buffer.from(result.rendered.bytes)
    expect([format, file.includes(telling.PRIVATE)]).toEqual([format, false])
    expect(telling.carriedBy(file).filter((name) => !MAY_CARRY.includes(name))).toEqual([])
    const { exif, xmp, iptc } = await sharp(file).metadata()
    expect([xmp, iptc]).toEqual([undefined, undefined])
    const tags = exif ? telling.exifTags(exif) : []
    expect(tags.filter((tag) => !HARMLESS.includes(tag))).toEqual(format === 'gif' ? [] : [0x8298])
  }
})
