// The engine on real bytes: sizes, orientation, colour, metadata, formats, alpha, animation, refusals, title.
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import * as pictures from '../../test/fixtures/pictures.ts'
import { ThumbsmithError } from '../errors.ts'
import { FORMAT_EXTENSION, OUTPUT_FORMATS } from '../preset.ts'
import { readCopyright } from './exif.ts'
import { type RenderInput, type RenderOptions, render } from './render.ts'
import type { Rendered } from './renderer.ts'

type PresetInput = RenderInput['presets'][string]

async function renderOne(bytes: Uint8Array, preset: PresetInput, rest: Partial<RenderInput> = {}): Promise<Rendered> {
  const { renditions } = await render({ ...rest, bytes, presets: { it: preset } })
  const result = renditions.it!
  if ('failure' in result) throw new Error(JSON.stringify(result.failure))
  return result.rendered
}

async function pixels(rendered: { bytes: Uint8Array }) {
  const { data, info } = await sharp(rendered.bytes).raw().toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => {
    const start = info.channels * (Math.floor(y * (info.height - 1)) * info.width + Math.floor(x * (info.width - 1)))
    return [...data.subarray(start, start + info.channels)]
  }
  return { at, data, info }
}

function expectNear(actual: number[], expected: readonly number[], tolerance = 12) {
  for (const [channel, value] of expected.entries())
    expect(Math.abs(actual[channel]! - value), `${actual.join()} is not ${expected.join()}`).toBeLessThanOrEqual(
      tolerance,
    )
}

async function refusal(bytes: Uint8Array, options: RenderOptions = {}): Promise<ThumbsmithError> {
  const error = await render({ bytes, presets: { it: { width: 64 } } }, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ThumbsmithError)) throw new Error('it was not refused')
  return error
}

let photo: Buffer
beforeAll(async () => {
  photo = await pictures.photo({ width: 1200, height: 900 })
})

describe('sizes', () => {
  test.each<[string, PresetInput, [number, number]]>([
    ['inside a box', { width: 300, height: 300 }, [300, 225]],
    ['inside, one side', { height: 90 }, [120, 90]],
    ['inside, never enlarged', { width: 5000 }, [1200, 900]],
    ['inside, enlarged when told', { width: 2400, enlarge: true }, [2400, 1800]],
    ['contain', { width: 1280, height: 720, fit: 'contain' }, [1280, 720]],
    ['contain with a blurred copy', { width: 300, height: 300, fit: 'contain', background: 'blur' }, [300, 300]],
    ['cover', { width: 300, height: 300, fit: 'cover' }, [300, 300]],
    ['cover by attention', { width: 300, height: 500, fit: 'cover', position: 'attention' }, [300, 500]],
    ['cover, never enlarged', { width: 2400, height: 2400, fit: 'cover' }, [900, 900]],
    ['cover, enlarged when told', { width: 2400, height: 300, fit: 'cover', enlarge: true }, [2400, 300]],
    ['fill', { width: 300, height: 300, fit: 'fill' }, [300, 300]],
  ])('%s', async (_, preset, size) => {
    const rendered = await renderOne(photo, preset)
    const decoded = await sharp(rendered.bytes).metadata()
    expect([rendered.width, rendered.height]).toEqual(size)
    expect([decoded.width, decoded.height, decoded.format]).toEqual([...size, 'jpeg'])
  })

  test('a picture of one pixel', async () => {
    const dot = await pictures.picture({ width: 1, height: 1 }).png().toBuffer()
    for (const fit of ['inside', 'contain', 'cover', 'fill'] as const) {
      const rendered = await renderOne(dot, { width: 40, height: 30, fit })
      expect(rendered.width).toBe(fit === 'contain' ? 40 : 1)
    }
  })

  test('a picture that is all width', async () => {
    const strip = await pictures.picture({ width: 6000, height: 2 }).jpeg().toBuffer()
    expect(await renderOne(strip, { width: 128, height: 128 })).toMatchObject({ width: 128, height: 1 })
    expect(await renderOne(strip, { width: 64, height: 64, fit: 'cover', enlarge: true })).toMatchObject({
      width: 64,
      height: 64,
    })
    expect(await renderOne(strip, { width: 64, height: 64, fit: 'contain', background: 'blur' })).toMatchObject({
      width: 64,
      height: 64,
    })
  })

  test('many renditions from one decode are what each alone is', async () => {
    const presets = { large: { width: 1024, format: 'png' }, small: { width: 128, format: 'png' } } as const
    const { renditions } = await render({ bytes: photo, presets })
    const large = renditions.large as { rendered: Rendered }
    const alone = await renderOne(photo, presets.large)
    expect(Buffer.compare(large.rendered.bytes, alone.bytes)).toBe(0)
    const small = await pixels((renditions.small as { rendered: Rendered }).rendered)
    const exact = await sharp(photo).resize(128).raw().toBuffer()
    const difference = small.data.reduce((sum, value, index) => sum + Math.abs(value - exact[index]!), 0) / exact.length
    expect(difference).toBeLessThan(4)
  })
})

describe('orientation', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('EXIF %i stands upright', async (orientation) => {
    const bytes = await pictures.turned(orientation)
    const { facts, renditions } = await render({ bytes, presets: { it: { width: 60, format: 'png' } } })
    expect(facts).toMatchObject({ width: 120, height: 80, orientation })
    const { rendered } = renditions.it as { rendered: Rendered }
    expect([rendered.width, rendered.height]).toEqual([60, 40])
    const { at } = await pixels(rendered)
    expectNear(at(0.2, 0.2), pictures.QUADRANTS.topLeft)
    expectNear(at(0.8, 0.2), pictures.QUADRANTS.topRight)
    expectNear(at(0.2, 0.8), pictures.QUADRANTS.bottomLeft)
    expectNear(at(0.8, 0.8), pictures.QUADRANTS.bottomRight)
  })
})

describe('colour and metadata', () => {
  test.each(['srgb', 'p3', 'cmyk'] as const)('%s comes out as the sRGB colour that it stands for', async (space) => {
    const colour = { r: 200, g: 90, b: 60 }
    const bytes = await pictures.coloured(colour, space)
    const { at } = await pixels(await renderOne(bytes, { width: 100, format: 'png' }))
    // Ink cannot hold every colour: there, what libvips makes of the whole picture is the truth.
    const converted = await sharp(bytes).toColourspace('srgb').raw().toBuffer()
    expectNear(at(0.5, 0.5), [...converted.subarray(0, 3)], 2)
    if (space !== 'cmyk') expectNear(at(0.5, 0.5), Object.values(colour), 3)
  })

  test.each(OUTPUT_FORMATS)('%s carries nothing of the original but its copyright notice', async (format) => {
    const bytes = await pictures.tattling()
    const input = await sharp(bytes).metadata()
    expect(input.exif?.includes('A. Person')).toBe(true)
    expect(input.xmp).toBeDefined()
    const rendered = await renderOne(bytes, { width: 200, format })
    const output = await sharp(rendered.bytes).metadata()
    expect([output.xmp, output.iptc, output.orientation ?? 1]).toEqual([undefined, undefined, 1])
    expect(output.exif && readCopyright(output.exif)).toBe(format === 'gif' ? undefined : '(c) Studio')
    for (const word of ['A. Person', '0123456789', 'xpacket', 'GPS'])
      expect(Buffer.from(rendered.bytes).includes(word)).toBe(false)
  })

  test('16 bits a channel become 8', async () => {
    const { info } = await pixels(await renderOne(await pictures.deepPng(), { width: 32, format: 'png' }))
    expect(info).toMatchObject({ width: 32, height: 24, channels: 3, depth: 'uchar' })
  })

  test('a grey picture stays grey', async () => {
    const grey = await pictures.picture().greyscale().toColourspace('b-w').png().toBuffer()
    const [r, g, b] = (await pixels(await renderOne(grey, { width: 64, format: 'png' }))).at(0.3, 0.9)
    expect([r, b]).toEqual([g, g])
  })
})

describe('profiles', () => {
  const colour = { r: 90, g: 190, b: 110 }

  test.each(['jpeg', 'png', 'webp', 'avif'] as const)(
    '%s keeps Display P3 where asked, its numbers untouched',
    async (format) => {
      const bytes = await pictures.coloured(colour, 'p3')
      const before = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer()
      const kept = await renderOne(bytes, { width: 100, format, profile: 'keep' })
      const { icc } = await sharp(kept.bytes).metadata()
      expect(icc?.equals((await sharp(bytes).metadata()).icc!)).toBe(true)
      const after = await sharp(kept.bytes, { ignoreIcc: true }).raw().toBuffer()
      expectNear([...after.subarray(0, 3)], [...before.subarray(0, 3)], 3)
      expectNear(
        (await pixels({ bytes: await sharp(kept.bytes).toColourspace('srgb').png().toBuffer() })).at(0.5, 0.5),
        Object.values(colour),
        4,
      )
    },
  )

  test('beside renditions in sRGB; what cannot carry a profile is in sRGB too', async () => {
    const presets = {
      kept: { width: 80, profile: 'keep' },
      plain: { width: 80 },
      gif: { width: 80, format: 'gif', profile: 'keep' },
    } as const
    const carries = async (bytes: Uint8Array) => {
      const { renditions } = await render({ bytes, presets })
      return Promise.all(
        Object.values(renditions).map(
          async (result) => 'rendered' in result && (await sharp(result.rendered.bytes).metadata()).icc !== undefined,
        ),
      )
    }
    expect(await carries(await pictures.coloured(colour, 'p3'))).toEqual([true, false, false])
    expect(await carries(await pictures.coloured(colour, 'srgb'))).toEqual([false, false, false])
    expect(await carries(await pictures.coloured(colour, 'cmyk'))).toEqual([false, false, false])
  })
})

test('a still rendition keeps the profile of an animation that moves in another', async () => {
  const frames = Buffer.concat([Buffer.alloc(60 * 40 * 3, 90), Buffer.alloc(60 * 40 * 3, 180)])
  const raw = { width: 60, height: 80, channels: 3, pageHeight: 40 } as const
  const bytes = await sharp(frames, { raw })
    .withIccProfile('p3')
    .webp({ delay: [100, 100], lossless: true })
    .toBuffer()
  const presets = {
    moving: { width: 30, format: 'webp', animation: true },
    still: { width: 30, format: 'webp', profile: 'keep' },
  } as const
  const { renditions } = await render({ bytes, presets })
  const [moving, still] = await Promise.all(
    [renditions.moving, renditions.still].map(async (result) =>
      sharp((result as { rendered: Rendered }).rendered.bytes, { animated: true }).metadata(),
    ),
  )
  expect(moving).toMatchObject({ pages: 2, width: 30, pageHeight: 20 })
  expect(still).toMatchObject({ width: 30, height: 20, icc: expect.any(Buffer) })
  expectNear((await pixels((renditions.still as { rendered: Rendered }).rendered)).at(0.5, 0.95), [90, 90, 90], 4)
})

describe('watermark', () => {
  const red = async (alpha: number) => {
    const flat = sharp({ create: { width: 300, height: 60, channels: 4, background: { r: 255, g: 0, b: 0, alpha } } })
    return `data:image/png;base64,${(await flat.png().toBuffer()).toString('base64')}`
  }
  const grey = () => sharp({ create: { width: 800, height: 400, channels: 3, background: '#808080' } })

  test('stands where it is put, in its size, as strong as asked, and nowhere else', async () => {
    const bytes = await grey().jpeg().toBuffer()
    const at = async (watermark: PresetInput['watermark']) =>
      (await pixels(await renderOne(bytes, { width: 400, format: 'png', watermark }))).at
    const plain = await at({ image: await red(1) })
    // A fifth of 388 pixels wide, 6 pixels off the edge.
    expect([plain(0.97, 0.95), plain(0.81, 0.95)]).toEqual([
      [255, 0, 0],
      [255, 0, 0],
    ])
    expectNear(plain(0.77, 0.95), [128, 128, 128], 1)
    expectNear(plain(0.995, 0.95), [128, 128, 128], 1)
    const half = await at({ image: await red(1), opacity: 0.5, position: 'top-left', size: 0.5 })
    expectNear(half(0.4, 0.1), [192, 64, 64], 2)
    expectNear(half(0.6, 0.1), [128, 128, 128], 1)
    expectNear((await at({ image: await red(0.25), position: 'center' }))(0.5, 0.5), [160, 96, 96], 2)
  })

  test('on every frame, on transparency, and on none of its siblings', async () => {
    const watermark = { image: await red(1), position: 'center' } as const
    const moving = await renderOne(await pictures.animation(3), {
      width: 96,
      format: 'webp',
      animation: true,
      watermark,
    })
    for (const page of [0, 1, 2])
      expectNear(
        [
          ...(await sharp(moving.bytes, { page })
            .extract({ left: 48, top: 32, width: 1, height: 1 })
            .removeAlpha()
            .raw()
            .toBuffer()),
        ],
        [255, 0, 0],
        40,
      )
    const ghost = sharp({ create: { width: 200, height: 200, channels: 4, background: '#0000' } })
    const laid = await pixels(await renderOne(await ghost.png().toBuffer(), { width: 100, format: 'png', watermark }))
    expect([laid.at(0.5, 0.5), laid.at(0, 0)[3]]).toEqual([[255, 0, 0, 255], 0])
    const presets = { marked: { width: 100, format: 'png', watermark }, plain: { width: 100, format: 'png' } } as const
    const { renditions } = await render({ bytes: await grey().png().toBuffer(), presets })
    expect((await pixels((renditions.plain as { rendered: Rendered }).rendered)).at(0.5, 0.5)).toEqual([128, 128, 128])
  })

  test('that is no picture fails its own rendition only', async () => {
    const presets = { bad: { width: 64, watermark: { image: 'data:;base64,AAAA' } }, good: { width: 64 } }
    const { renditions } = await render({ bytes: photo, presets })
    expect(renditions.bad).toMatchObject({ failure: { code: 'image.cannot_be_rendered' } })
    expect(renditions.good).toHaveProperty('rendered')
  })
})

describe('formats', () => {
  const inputs = { jpeg: 'jpeg', png: 'png', webp: 'webp', gif: 'gif', avif: 'heif', tiff: 'tiff' } as const

  test.each(Object.keys(inputs) as (keyof typeof inputs)[])('%s in, every format out', async (format) => {
    const source = pictures.picture({ width: 200, height: 150 })
    const bytes = await (format === 'avif' ? source.avif({ effort: 0 }) : source[format]()).toBuffer()
    const presets = Object.fromEntries(
      [...OUTPUT_FORMATS, 'same' as const].map((out) => [out, { width: 100, format: out }]),
    )
    const { facts, renditions } = await render({ bytes, presets }, { tiff: true })
    expect(facts).toMatchObject({ format, width: 200, height: 150, frames: 1, hasAlpha: false })
    expect(Buffer.from(facts.thumbhash, 'base64').length).toBeGreaterThan(15)
    for (const out of OUTPUT_FORMATS) {
      const { rendered } = renditions[out] as { rendered: Rendered }
      const decoded = await sharp(rendered.bytes).metadata()
      expect(rendered).toMatchObject({ format: out, contentType: `image/${out}`, width: 100, height: 75 })
      expect(decoded).toMatchObject({ format: out === 'avif' ? 'heif' : out, width: 100, height: 75 })
      expect(FORMAT_EXTENSION[out]).toBeDefined()
    }
    expect((renditions.same as { rendered: Rendered }).rendered.format).toBe(format === 'tiff' ? 'jpeg' : format)
  })

  test.each(['png', 'webp', 'avif', 'gif'] as const)('transparency goes through to %s', async (format) => {
    const { at, info } = await pixels(await renderOne(await pictures.disc().png().toBuffer(), { width: 100, format }))
    expect(info.channels).toBe(4)
    expect(at(0, 0)[3]).toBe(0)
    expectNear(at(0.5, 0.5), [250, 120, 20, 255], 16)
  })

  test('`auto` gives AVIF, WebP and what every browser can show', async () => {
    const presets = { it: { width: 100, format: 'auto' } } as const
    const formatsOf = async (bytes: Uint8Array) =>
      Object.entries((await render({ bytes, presets })).renditions).map(([name, result]) => [
        name,
        'rendered' in result && result.rendered.format,
      ])
    expect(await formatsOf(photo)).toEqual([
      ['it', 'jpeg'],
      ['it.avif', 'avif'],
      ['it.webp', 'webp'],
    ])
    expect(await formatsOf(await pictures.disc().png().toBuffer())).toContainEqual(['it', 'png'])
  })

  test('transparency stands on the background in a JPEG', async () => {
    const disc = await pictures.disc().png().toBuffer()
    expectNear((await pixels(await renderOne(disc, { width: 100, background: '#0a0' }))).at(0, 0), [0, 170, 0])
    expectNear(
      (await pixels(await renderOne(disc, { width: 100, background: 'transparent' }))).at(0, 0),
      [255, 255, 255],
    )
  })

  test('an animation keeps its frames, times and rounds where asked, else its first frame', async () => {
    for (const [from, to] of [
      ['gif', 'webp'],
      ['webp', 'gif'],
      ['gif', 'same'],
    ] as const) {
      const bytes = await pictures.animation(4, from)
      const preset = { width: 80, height: 80, fit: 'contain', format: to, animation: true } as const
      const moving = await sharp((await renderOne(bytes, preset)).bytes, { animated: true }).metadata()
      expect(moving).toMatchObject({ pages: 4, width: 80, pageHeight: 80, delay: [100, 120, 140, 160], loop: 2 })
      const still = await renderOne(bytes, { ...preset, animation: false })
      expect((await sharp(still.bytes).metadata()).pages ?? 1).toBe(1)
      expectNear((await pixels(still)).at(0.5, 0.5), [40, 40, 40], 4)
    }
  })
})

describe('contain and cover', () => {
  test('pads with the colour, a blurred copy or nothing', async () => {
    const box = { width: 200, height: 200, fit: 'contain', format: 'png' } as const
    expectNear(
      (await pixels(await renderOne(photo, { ...box, background: '#123456' }))).at(0.5, 0),
      [0x12, 0x34, 0x56],
      0,
    )
    expect((await pixels(await renderOne(photo, { ...box, background: 'transparent' }))).at(0.5, 0)).toEqual([
      0, 0, 0, 0,
    ])
    const blurred = (await pixels(await renderOne(photo, { ...box, background: 'blur' }))).at(0.5, 0)
    expect(Math.max(...blurred)).toBeGreaterThan(20)
  })

  test('keeps the part at the position, the focus or the subject', async () => {
    const { QUADRANTS } = pictures
    const bytes = await pictures.turned(1)
    const box = { width: 20, height: 20, fit: 'cover', format: 'png' } as const
    expectNear((await pixels(await renderOne(bytes, { ...box, position: 'left' }))).at(0.1, 0.1), QUADRANTS.topLeft)
    expectNear(
      (await pixels(await renderOne(bytes, { ...box, position: 'bottom-right' }))).at(0.9, 0.9),
      QUADRANTS.bottomRight,
    )
    const focused = await pixels(await renderOne(bytes, { ...box, position: 'attention' }, { focus: { x: 1, y: 0 } }))
    expectNear(focused.at(0.9, 0.1), QUADRANTS.topRight)
    const lonely = await sharp({ create: { width: 900, height: 300, channels: 3, background: '#778' } })
      .composite([{ input: await pictures.disc(200).png().toBuffer(), left: 650, top: 50 }])
      .jpeg()
      .toBuffer()
    expectNear(
      (
        await pixels(
          await renderOne(lonely, { width: 100, height: 100, fit: 'cover', position: 'attention', format: 'png' }),
        )
      ).at(0.5, 0.5),
      [250, 120, 20],
      30,
    )
  })
})

describe('at most so many bytes', () => {
  test.each(['jpeg', 'webp', 'avif'] as const)('%s gives up quality, no more than needed', async (format) => {
    const free = await renderOne(photo, { width: 600, format })
    const maxBytes = Math.round(free.bytes.length * 0.6)
    const bounded = await renderOne(photo, { width: 600, format, maxBytes })
    expect(bounded.bytes.length).toBeLessThanOrEqual(maxBytes)
    expect(bounded.bytes.length).toBeGreaterThan(maxBytes * 0.75)
    expect(await renderOne(photo, { width: 600, format, maxBytes: free.bytes.length })).toEqual(free)
  })

  test('what no quality can keep is refused', async () => {
    const { renditions } = await render({ bytes: photo, presets: { it: { width: 1200, maxBytes: 500 } } })
    expect(renditions.it).toMatchObject({
      failure: { code: 'image.cannot_be_rendered', message: expect.stringContaining('500 bytes') },
    })
    await expect(
      render({ bytes: photo, presets: { it: { width: 100, maxBytes: 5_000, format: 'png' } } }),
    ).rejects.toMatchObject({ code: 'config.invalid' })
  })
})

describe('refusals', () => {
  test.each([
    ['empty', '', 'image.empty', 'empty'],
    ['text', 'This is no picture at all.', 'image.not_an_image', 'not a picture'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'image.unsupported_format', 'SVG'],
    ['PDF', '%PDF-1.4\n', 'image.unsupported_format', 'PDF'],
    ['BMP', 'BM6\0\0\0\0\0\0\0\x36\0\0\0', 'image.unsupported_format', 'BMP'],
    ['JPEG XL', '\xff\x0a\xff\xff', 'image.unsupported_format', 'JPEG XL'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'image.unsupported_format', 'Most Compatible'],
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

describe('title', () => {
  const preset = { width: 640, height: 360, fit: 'cover', format: 'png', title: true } as const

  test('changes pixels where it stands only, the same ones each time', async () => {
    const plain = await pixels(await renderOne(photo, preset))
    const titled = await renderOne(photo, preset, { title: '10 Things Nobody Told You' })
    const again = await renderOne(photo, preset, { title: '10 Things Nobody Told You' })
    expect(Buffer.compare(titled.bytes, again.bytes)).toBe(0)
    const { data, info } = await pixels(titled)
    let changed = 0
    for (let index = 0; index < data.length; index++) {
      if (data[index] === plain.data[index]) continue
      changed += 1
      // One line of calm text and its glow: at the top of this picture.
      expect(Math.floor(index / 3 / info.width)).toBeLessThan(info.height / 2)
    }
    expect(changed / data.length).toBeGreaterThan(0.03)
    expect(titled.title?.position).toContain('top')
  })

  test('is drawn on every frame', async () => {
    const bytes = await pictures.animation(3)
    const moving = { width: 96, height: 64, fit: 'cover', format: 'webp', animation: true, quality: 100 } as const
    const plain = await renderOne(bytes, moving)
    const titled = await renderOne(bytes, { ...moving, title: true }, { title: 'Hi' })
    const read = (rendered: Rendered, page: number) => sharp(rendered.bytes, { page }).raw().toBuffer()
    for (const page of [0, 1, 2]) expect(Buffer.compare(await read(plain, page), await read(titled, page))).not.toBe(0)
  })

  test('names the characters that no font has, and draws the others', async () => {
    expect((await renderOne(photo, preset, { title: 'Runes ᚠᚢ' })).missingCharacters).toEqual(['ᚠ', 'ᚢ'])
    expect(await renderOne(photo, preset, { title: 'Plain' })).not.toHaveProperty('missingCharacters')
  })

  test('that cannot fit fails its own rendition only', async () => {
    const tiny = { width: 8, height: 8, fit: 'cover', title: true } as const
    const { renditions } = await render({ bytes: photo, presets: { tiny, fine: { width: 64 } }, title: 'Hello there' })
    expect(renditions.tiny).toMatchObject({ failure: { code: 'title.does_not_fit' } })
    expect(renditions.fine).toHaveProperty('rendered')
  })
})
