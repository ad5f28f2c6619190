// The guarantee, on pictures made to break it: what is painted is measured by the same ring, by another meter, and by mutants that must fail.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import canvasKitModule from 'canvaskit-wasm'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { adversaries } from '../../test/fixtures/adversaries.ts'
import { titleStyleSchema } from '../preset-schema.ts'
import { blend, encodeTitled } from '../render/title.ts'
import type { Picture } from './analysis.ts'
import { dress } from './dress.ts'
import { openFonts } from './fonts.ts'
import { drawLetters, type Letters } from './letters.ts'
import { measure } from './measure.ts'
import { type Ring, ringOf } from './ring.ts'
import { openTitlePainter, type Painted, type TitlePainter } from './title.ts'

const readPackageFile = (path: string) => readFile(fileURLToPath(import.meta.resolve(path)))
const WIDTH = 640
const HEIGHT = 360
const pictures = adversaries(WIDTH, HEIGHT)
const TITLES = ['10 Things Nobody Told You', 'مرحبا بكم في عالم البرمجة', 'क्षत्रिय हिन्दी 🦀', '誰も教えてくれなかった']
const style = titleStyleSchema.parse({})

let painter: TitlePainter
/** One title's letters in a fixed place, for tests that look behind the painter. */
let letters: Letters
let ring: Ring
beforeAll(async () => {
  const canvasKit = await canvasKitModule.default()
  painter = await openTitlePainter({ canvasKit, readFile: readPackageFile })
  const fonts = await openFonts(canvasKit, readPackageFile)
  const { runs } = await fonts.itemise('Nobody')
  const shape = { lines: 1, width: 3, height: 0.95, fill: 1, truncated: false }
  const placement = { position: 'center', align: 'center', shape, size: 72, cost: {}, saliency: 0 } as const
  letters = drawLetters(canvasKit, fonts, runs, placement, { width: WIDTH, height: HEIGHT })!
  ring = ringOf(letters)
  // Fonts are loaded here, and not within the first test's time.
  for (const title of TITLES) await painter.set({ pictures: [pictures.grey!], title, style })
}, 60_000)

const lay = (picture: Picture, { patch }: Pick<Painted, 'patch'>): Picture =>
  blend({ ...picture, data: Buffer.from(picture.data) }, patch)

describe('raw pixels', () => {
  test.each(Object.keys(pictures))('%s: every title reaches its target, in every letter', async (name) => {
    const picture = pictures[name]!
    for (const title of TITLES) {
      const { block } = await painter.set({ pictures: [picture], title, style })
      const painted = block!.paint({ headroom: 1.08 })
      const { p5, worst } = block!.measure([lay(picture, painted)], painted)
      expect(Math.min(p5, worst), title).toBeGreaterThanOrEqual(painted.help.target)
    }
  })
})

describe('shipped bytes', () => {
  test.each(Object.keys(pictures))('%s: as JPEG of low quality', async (name) => {
    const { data, ...size } = pictures[name]!
    const titling = { style, title: TITLES[0]!, focus: undefined, format: 'jpeg', behind: '#000000' } as const
    const { title } = await encodeTitled([{ ...size, data: Buffer.from(data) }], titling, async ([frame]) => ({
      bytes: await sharp(frame!.data, { raw: size }).jpeg({ quality: 50 }).toBuffer(),
      format: 'jpeg',
      contentType: 'image/jpeg',
      width: WIDTH,
      height: HEIGHT,
    }))
    const { p5, worst, target } = title!.contrast
    expect(Math.min(p5, worst)).toBeGreaterThanOrEqual(target)
  })

  test('a codec that loses everything makes the rendition fail, with what was reached', async () => {
    const { data, ...size } = pictures.noise!
    const titling = { style, title: 'Lost', focus: undefined, format: 'jpeg', behind: '#000000' } as const
    const lossy = encodeTitled([{ ...size, data: Buffer.from(data) }], titling, async () => ({
      bytes: await sharp({ create: { ...size, background: '#808080' } })
        .jpeg()
        .toBuffer(),
      format: 'jpeg',
      contentType: 'image/jpeg',
      width: WIDTH,
      height: HEIGHT,
    }))
    await expect(lossy).rejects.toMatchObject({
      code: 'title.not_readable',
      message: expect.stringContaining('1.0 : 1 at best'),
    })
  })

  test('a transparent picture is readable on white pages and on black ones', async () => {
    const data = Buffer.alloc(4 * WIDTH * HEIGHT)
    const titling = { style, title: 'Clear', focus: undefined, format: 'png', behind: '#000000' } as const
    const { title, bytes } = await encodeTitled(
      [{ data, width: WIDTH, height: HEIGHT, channels: 4 }],
      titling,
      async ([frame]) => ({
        bytes: await sharp(frame!.data, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } })
          .png()
          .toBuffer(),
        format: 'png',
        contentType: 'image/png',
        width: WIDTH,
        height: HEIGHT,
      }),
    )
    expect(title!.help).not.toBe('none')
    expect((await sharp(bytes).stats()).isOpaque).toBe(false)
    expect(Math.min(title!.contrast.p5, title!.contrast.worst)).toBeGreaterThanOrEqual(title!.contrast.target)
  })
})

describe('mutants are caught', () => {
  const white = [255, 255, 255] as const
  const black = [0, 0, 0] as const
  const help = (strength: number, fill: readonly [number, number, number] = white) => ({
    kind: strength === 0 ? ('none' as const) : ('glow' as const),
    fill,
    back: black,
    strength,
    strengths: new Float32Array(ring.letterCount).fill(strength),
    target: 4.5,
  })
  const measured = (picture: Picture, given: ReturnType<typeof help>, on = ring) =>
    measure([lay(picture, { patch: dress(letters, ring, given) })], on, given)

  test('a glow of strength 0', () => {
    expect(measured(pictures.grey!, help(0.5)).p5).toBeGreaterThan(4.5)
    for (const name of ['grey', 'checkers', 'page'])
      expect(Math.min(...Object.values(measured(pictures[name]!, help(0)))), name).toBeLessThan(4.5)
  })

  test('letters of the colour of what is behind them', () => {
    expect(measured(pictures.grey!, { ...help(0), fill: [119, 119, 119] })).toEqual({ p5: 1, worst: 1 })
    expect(measured(pictures.grey!, help(1, black))).toEqual({ p5: 1, worst: 1 })
  })

  test('one letter lost among many', () => {
    const picture = pictures.grey!
    const given = help(0.6)
    given.strengths[2] = 0
    // Only the strengths around count, so the glow of its neighbours must go too.
    given.strengths[1] = 0
    given.strengths[3] = 0
    const { worst } = measured(picture, given)
    expect(worst).toBeLessThan(4.5)
  })

  test('a ring of 0 pixels has nothing to measure on', () => {
    expect(ringOf(letters, 0).pixels.length).toBe(0)
    expect(ring.pixels.length).toBeGreaterThan(2_000)
    expect(measured(pictures.grey!, help(0.5), ringOf(letters, 0))).toEqual({ p5: 1, worst: 1 })
  })
})

test('nothing is added where the plain letters can be read already', async () => {
  for (const name of ['night', 'snow']) {
    const { block } = await painter.set({ pictures: [pictures[name]!], title: TITLES[0]!, style })
    expect(block!.paint({ headroom: 1.08 }).help, name).toMatchObject({ kind: 'none', strength: 0 })
  }
})

test('each letter gets only the help that it needs', async () => {
  const { block } = await painter.set({
    pictures: [pictures.split!],
    title: 'Left and Right Apart',
    style: { ...style, position: 'center', maxLines: 1 },
  })
  const { help } = block!.paint({ headroom: 1.08 })
  expect(Math.min(...help.strengths)).toBe(0)
  expect(help.strength).toBeGreaterThan(0.3)
})
