// Why a picture may be refused: a closed list of codes, each with a sentence that a person understands; and which real file gets which, before it costs anything.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import * as pictures from '../../test/fixtures/pictures.ts'
import { refusal } from '../../test/fixtures/renditions.ts'
import { ERRORS, type ErrorCode } from '../errors.ts'
import { render } from './render.ts'
import { REFUSALS } from './sniff.ts'

const REASONS = [
  'image.empty',
  'image.not_an_image',
  'image.unsupported_format',
  'image.too_many_bytes',
  'image.too_many_pixels',
  'image.needs_too_much_memory',
  'image.too_many_frames',
  'image.damaged',
  'image.cannot_be_rendered',
  'decoder.died',
  'decoder.too_slow',
  'decoder.too_much_memory',
] as const satisfies ErrorCode[]
/** What is no fault of the picture: its title, its preset, or ours. */
const OTHERS: ErrorCode[] = ['title.invalid', 'title.does_not_fit', 'title.not_readable', 'config.invalid', 'internal']

const SENTENCE = /^[A-Z][^\n]{10,}\.$/

test('there are twelve, and no others', () => {
  expect(Object.keys(ERRORS).filter((code) => /^(image|decoder)\./.test(code))).toEqual([...REASONS])
  expect(REASONS.length).toBeLessThanOrEqual(12)
})

test('each is a sentence without the words of a library', () => {
  const sentences = [...REASONS.map((code) => ERRORS[code].message), ...Object.values(REFUSALS)]
  for (const sentence of sentences) {
    expect(sentence).toMatch(SENTENCE)
    expect(sentence).not.toMatch(/vips|buffer|codec|libheif|sharp|undefined/i)
  }
})

test('the engine throws nothing else', () => {
  const folder = import.meta.dirname
  const thrown = readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(/'((?:image|decoder|title|config)\.\w+|internal)'/g),
    ])
    .map(([, code]) => code as ErrorCode)
  expect([...new Set(thrown)].filter((code) => ![...REASONS, ...OTHERS].includes(code))).toEqual([])
  expect(REASONS.filter((code) => !thrown.includes(code))).toEqual([])
})

let photo: Buffer
beforeAll(async () => {
  photo = await pictures.photo({ width: 1200, height: 900 })
})

describe('refused', () => {
  test.each([
    ['empty', '', 'image.empty', 'empty'],
    ['text', 'This is no picture at all.', 'image.not_an_image', 'not a picture'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'image.unsupported_format', 'SVG'],
    ['PDF', '%PDF-1.4\n', 'image.unsupported_format', 'PDF'],
    ['BMP', 'BM6\0\0\0\0\0\0\0\x36\0\0\0', 'image.unsupported_format', 'BMP'],
    ['JPEG XL', '\xff\x0a\xff\xff', 'image.unsupported_format', 'JPEG XL'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'image.unsupported_format', 'Most Compatible'],
    ['animated AVIF', '\0\0\0\x18ftypavis\0\0\0\0avifavis', 'image.unsupported_format', 'WebP or GIF'],
    ['a JPEG of three bytes', '\xff\xd8\xff', 'image.damaged', 'damaged'],
  ])('%s', async (_, text, code, word) => {
    const error = await refusal(Buffer.from(text, 'latin1'))
    expect(error.code).toBe(code)
    expect(error.message).toContain(word)
    expect(error.message).not.toMatch(/vips|Vips|buffer/)
  })

  test('TIFF unless it is switched on', async () => {
    const error = await refusal(await pictures.picture({ width: 40, height: 30 }).tiff().toBuffer())
    expect([error.code, error.message.includes('TIFF')]).toEqual(['image.unsupported_format', true])
  })

  test('a JPEG of 12 bits a channel', async () => {
    const bytes = Buffer.from(photo)
    // The frame header says how many: T.81, B.2.2.
    bytes[bytes.indexOf(Buffer.from('ffc00011', 'hex')) + 4] = 12
    const error = await refusal(bytes)
    expect([error.code, error.message.includes('8 bits a channel')]).toEqual(['image.unsupported_format', true])
  })

  test('a JPEG whose second half is missing', async () => {
    const error = await refusal(await pictures.halfPhoto())
    expect(error.code).toBe('image.damaged')
    expect(error.detail).toBeTruthy()
  })

  test('a PNG of 16,776,964 x 4 pixels, before it is decoded', async () => {
    const start = performance.now()
    expect((await refusal(pictures.pngHeader(16_776_964, 4))).code).toBe('image.too_many_pixels')
    expect((await refusal(pictures.pngHeader(16_000, 16_000), { limits: { maxMemoryBytes: 200e6 } })).code).toBe(
      'image.needs_too_much_memory',
    )
    expect((await refusal(photo, { limits: { maxBytes: 1000 } })).code).toBe('image.too_many_bytes')
    expect(performance.now() - start).toBeLessThan(2_000)
  })

  test('one preset fails, its siblings do not', async () => {
    const bytes = await pictures.picture({ width: 400, height: 2 }).png().toBuffer()
    const presets = {
      good: { width: 100 },
      tooWide: { width: 16_384, height: 10, fit: 'contain', format: 'webp' },
    } as const
    const { renditions } = await render({ bytes, presets })
    expect(renditions.good).toHaveProperty('rendered')
    expect(renditions.tooWide).toMatchObject({
      failure: { code: 'image.cannot_be_rendered', detail: expect.stringContaining('16383') },
    })
  })

  test('a preset that is none', async () => {
    await expect(render({ bytes: photo, presets: { it: { width: -1 } } })).rejects.toMatchObject({
      code: 'config.invalid',
    })
  })
})
