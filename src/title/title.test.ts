// Titles of every script: which face draws what, how they are set, where they stand, and what is left out.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import canvasKitModule, { type CanvasKit } from 'canvaskit-wasm'
import { beforeAll, describe, expect, test } from 'vitest'
import { POSITIONS, type TitleStyle, titleStyleSchema } from '../preset.ts'
import { parseRanges } from './faces.ts'
import { type Fonts, openFonts } from './fonts.ts'
import { trim } from './paint.ts'
import { joinPhrases } from './phrases.ts'
import { openTitlePainter, type TitlePainter } from './title.ts'
import { isRightToLeft, typeset } from './typeset.ts'

const read: string[] = []
const readPackageFile = (path: string) => {
  read.push(path)
  return readFile(fileURLToPath(import.meta.resolve(path)))
}

let canvasKit: CanvasKit
let fonts: Fonts
let painter: TitlePainter
beforeAll(async () => {
  canvasKit = await canvasKitModule.default()
  fonts = await openFonts(canvasKit, readPackageFile)
  painter = await openTitlePainter({ canvasKit, readFile: readPackageFile })
})

const PICTURE = { width: 1280, height: 720 }
const styled = (style: Partial<TitleStyle> = {}) => titleStyleSchema.parse(style)

async function set(title: string, style = styled(), box = { width: 1164, height: 400 }) {
  const { runs } = await fonts.itemise(title)
  return typeset(canvasKit, fonts, runs, box, style, PICTURE.height)
}

describe('faces', () => {
  test.each([
    ['10 Things', ['anton-latin-400-normal']],
    ['Łódź', ['anton-latin-ext-400-normal', 'anton-latin-400-normal', 'anton-latin-ext-400-normal']],
    ['Приве́т', ['noto-sans-cyrillic-900-normal']],
    ['Ελλάδα', ['noto-sans-greek-900-normal']],
    ['مرحبا', ['noto-sans-arabic-arabic-900-normal']],
    ['שלום', ['noto-sans-hebrew-hebrew-900-normal']],
    ['क्षत्रिय', ['noto-sans-devanagari-900-normal']],
    ['สวัสดี', ['noto-sans-thai-thai-900-normal']],
    ['👨‍👩‍👧‍👦🇯🇵👍🏽1️⃣', ['noto-color-emoji-emoji-400-normal']],
  ])('%s', async (title, families) => {
    const { runs, missing } = await fonts.itemise(title)
    expect(runs.map(({ face }) => face.family)).toEqual(families)
    expect(runs.map(({ text }) => text).join('')).toBe(title)
    expect(missing).toEqual([])
  })

  test('Japanese is drawn by the display face, whatever it lacks by the text face', async () => {
    const { runs, missing } = await fonts.itemise('誰も教えてくれなかった')
    expect(new Set(runs.map(({ face }) => face.path.split('/')[1]))).toEqual(new Set(['dela-gothic-one']))
    expect(missing).toEqual([])
  })

  test('what no face has is named and leaves no gap', async () => {
    const { runs, missing } = await fonts.itemise('A 한국 B ᚠ')
    expect(runs.map(({ text }) => text).join('')).toBe('A B ')
    expect(missing).toEqual(['한', '국', 'ᚠ'])
  })

  test('only the files that a title needs are read', async () => {
    read.length = 0
    const fresh = await openFonts(canvasKit, readPackageFile)
    await fresh.itemise('Only Latin')
    expect(read.filter((path) => path.endsWith('.woff2'))).toEqual([
      '@fontsource/anton/files/anton-latin-400-normal.woff2',
    ])
  })

  test('ranges are read as CSS writes them', () => {
    expect(parseRanges('U+0-FF, U+131,U+1f1e6-1f1ff')).toEqual([
      [0, 0xff],
      [0x131, 0x131],
      [0x1f1e6, 0x1f1ff],
    ])
  })
})

describe('typeset', () => {
  test('a short title has the largest letters, a long one smaller, a longer one is cut', async () => {
    const short = await set('Hello')
    const long = await set(
      'This is a rather long title that goes on about the many things which nobody ever told you, so that it has some hundred and forty characters',
    )
    const endless = await set('word '.repeat(200))
    expect(short).toMatchObject({ size: Math.round(0.16 * 720), truncated: false })
    expect(long!.size).toBeLessThan(80)
    expect(long!.truncated).toBe(false)
    expect(endless).toMatchObject({ size: Math.ceil(0.04 * 720), truncated: true })
  })

  test('lines are of even length', async () => {
    const { width, size } = (await set('10 Things Nobody Told You'))!
    expect(size).toBe(115)
    expect(width).toBeLessThan(800)
  })

  test('nothing is set where not even a word would be seen', async () => {
    expect(await set('Hello', styled(), { width: 20, height: 10 })).toBeUndefined()
  })

  test('the first letter decides the direction', () => {
    expect(['10 أشياء', 'שלום Rust'].map(isRightToLeft)).toEqual([true, true])
    expect(['Rust شيء', '誰も', '123', ''].map(isRightToLeft)).toEqual([false, false, false, false])
  })

  test('Japanese lines break between phrases', () => {
    const shown = (text: string) => joinPhrases(text).replaceAll('\u2060', '·')
    expect(shown('誰も教えてくれなかった')).toBe('誰·も教·え·て·く·れ·な·か·っ·た')
    expect(shown('iPhoneの「秘密」を話す')).toBe('iPhoneの「秘·密·」·を話·す')
    expect(joinPhrases('Only Latin')).toBe('Only Latin')
  })
})

describe('draw', () => {
  test.each(POSITIONS)('%s: inside the picture, with free space at the edge', async (position) => {
    const { patch } = await painter.draw({ ...PICTURE, title: 'Nobody Told You', style: styled({ position }) })
    const { x, y, width, height } = patch!
    const right = PICTURE.width - x - width
    const bottom = PICTURE.height - y - height
    expect(Math.min(x, y, right, bottom)).toBeGreaterThanOrEqual(20)
    expect(patch!.pixels.length).toBe(4 * width * height)
    if (position.includes('left')) expect(x).toBeLessThan(right)
    if (position.includes('right')) expect(right).toBeLessThan(x)
    if (position.includes('top')) expect(y).toBeLessThan(bottom)
    if (position.includes('bottom')) expect(bottom).toBeLessThan(y)
  })

  test('uses the colours of its style, crisp letters on an outline', async () => {
    const { patch } = await painter.draw({
      ...PICTURE,
      title: 'III',
      style: styled({ color: '#ffcc00', outline: '#102030' }),
    })
    const counts = new Map<string, number>()
    for (let index = 0; index < patch!.pixels.length; index += 4) {
      const colour = [...patch!.pixels.subarray(index, index + 4)].join()
      counts.set(colour, (counts.get(colour) ?? 0) + 1)
    }
    expect(counts.get('255,204,0,255')).toBeGreaterThan(1_000)
    expect(counts.get('16,32,48,255')).toBeGreaterThan(500)
  })

  test('an emoji has colours', async () => {
    const { patch } = await painter.draw({ ...PICTURE, title: '🦀', style: styled() })
    let red = 0
    for (let index = 0; index < patch!.pixels.length; index += 4)
      if (patch!.pixels[index]! > 180 && patch!.pixels[index + 2]! < 80 && patch!.pixels[index + 3] === 255) red += 1
    expect(red).toBeGreaterThan(500)
  })

  test('gives all its memory back', async () => {
    const heap = canvasKit as unknown as { HEAPU8: Uint8Array }
    const drawLarge = () => painter.draw({ ...PICTURE, title: 'I', style: styled({ maxSize: 0.5 }) })
    for (let round = 0; round < 5; round++) await drawLarge()
    const before = heap.HEAPU8.length
    for (let round = 0; round < 60; round++) await drawLarge()
    expect(heap.HEAPU8.length).toBe(before)
  })

  test('nothing is drawn where no character can be', async () => {
    expect(await painter.draw({ ...PICTURE, title: 'ᚠᚢ', style: styled() })).toEqual({
      patch: undefined,
      missing: ['ᚠ', 'ᚢ'],
    })
  })

  test('a picture that is too small for any text is refused', async () => {
    await expect(painter.draw({ width: 8, height: 8, title: 'Hello', style: styled() })).rejects.toMatchObject({
      code: 'title.does_not_fit',
    })
  })

  test.each([
    '<b>&amp;</b> %s {x}',
    '\u202eevil\u202c',
    'a\u0301\u0302\u0303\u0304'.repeat(20),
    '\u200d\u200d',
    'ｆｕｌｌ',
    '𝕳𝖊𝖑𝖑𝖔',
    '﷽'.repeat(4),
  ])('does not fail on %j', async (title) => {
    const { patch, missing } = await painter.draw({ ...PICTURE, title, style: styled() })
    if (patch) expect(patch.x + patch.width).toBeLessThanOrEqual(PICTURE.width)
    else expect(missing.length > 0 || title.trim().replace(/\p{Default_Ignorable_Code_Point}/gu, '') === '').toBe(true)
  })
})

test('trim keeps exactly the rows and columns with ink', () => {
  const pixels = new Uint8Array(4 * 12)
  pixels[4 * 5 + 3] = 9
  pixels[4 * 6 + 3] = 7
  expect(trim({ pixels, width: 4, height: 3 })).toEqual({
    width: 2,
    height: 1,
    pixels: Uint8Array.from([0, 0, 0, 9, 0, 0, 0, 7]),
  })
  expect(trim({ pixels: new Uint8Array(48), width: 4, height: 3 })).toBeUndefined()
})
