// Titles of every script: which face draws what, how they are broken, where they stand, what helps them, and what is left out.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import canvasKitModule, { type CanvasKit } from 'canvaskit-wasm'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TitleStyle } from '../preset.ts'
import { titleStyleSchema } from '../preset-schema.ts'
import { POSITIONS } from '../preset-words.ts'
import { blend } from '../render/title.ts'
import type { Picture } from './analysis.ts'
import type { Patch } from './dress.ts'
import { packagesThatDraw, parseRanges } from './faces.ts'
import { type Fonts, openFonts } from './fonts.ts'
import { joinPhrases, markBreaks } from './phrases.ts'
import { openTitlePainter, type Painted, type TitleBlock, type TitlePainter } from './title.ts'
import { cutShape, isRightToLeft, shapesOf } from './typeset.ts'

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

async function shapes(title: string, maxLines = 4) {
  const { runs } = await fonts.itemise(title)
  return shapesOf(canvasKit, fonts, runs, maxLines)
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
    // From optional packages, which the tests have.
    ['한국', ['black-han-sans-118-400-normal', 'black-han-sans-117-400-normal']],
    ['👨‍👩‍👧‍👦🇯🇵👍🏽1️⃣', ['noto-color-emoji-emoji-400-normal']],
  ])('%s', async (title, families) => {
    const { runs, missing } = await fonts.itemise(title)
    const seen = runs.map(({ text, face }) => ({ text: text.replaceAll('\u2060', ''), face }))
    expect(seen.filter(({ text }) => text !== '').map(({ face }) => face.family)).toEqual(families)
    expect(seen.map(({ text }) => text).join('')).toBe(title)
    expect(missing).toEqual([])
  })

  test('Japanese is drawn by the display face, whatever it lacks by the text face', async () => {
    const { runs, missing } = await fonts.itemise('誰も教えてくれなかった')
    expect(new Set(runs.map(({ face }) => face.path.split('/')[1]))).toEqual(new Set(['dela-gothic-one']))
    expect(missing).toEqual([])
  })

  test('what no face has is named and leaves no gap', async () => {
    const bare = await openFonts(canvasKit, (path) =>
      /black-han-sans|noto-sans-(kr|sc|tc)/.test(path)
        ? Promise.reject(new Error('not installed'))
        : readPackageFile(path),
    )
    const { runs, missing } = await bare.itemise('A 한국 B ᚠ')
    expect(runs.map(({ text }) => text).join('')).toBe('A B ')
    expect(missing).toEqual(['한', '국', 'ᚠ'])
    expect(packagesThatDraw(missing)).toEqual(['@fontsource/black-han-sans', '@fontsource-variable/noto-sans-kr'])
    expect(packagesThatDraw(['ᚠ'])).toEqual([])
  })

  // Skia ends itself where a run has nothing to draw: faces without a space leave out what is not seen.
  test.each([
    '국ם',
    '국\u200dם',
    '국\u200f국',
    '국\u00adא',
    '국\ufe0fا',
    '한국\u200dمرحبا\u200dשלום\u200dZ\u0301\u200d🦀\u200d한국',
  ])('%j is drawn, whichever of its characters a face does not hide', async (title) => {
    const { missing, painted } = await paint(title)
    expect(missing).toEqual([])
    expect(inkOf(painted!.patch).right).toBeGreaterThan(0)
  })

  test('a font of the user draws what it has', async () => {
    const bytes = await readPackageFile('@fontsource/noto-sans/files/noto-sans-latin-900-normal.woff2')
    const own = `data:;base64,${Buffer.from(bytes).toString('base64')}`
    const { runs } = await fonts.itemise('Rust 🦀 مرحبا', own)
    expect(runs.map(({ face }) => face.family)).toEqual([
      'own 0',
      'noto-color-emoji-emoji-400-normal',
      'own 0',
      'noto-sans-arabic-arabic-900-normal',
    ])
    // Its capitals are lower than those of the first bundled face.
    expect(runs[0]!.face.scale).toBeGreaterThan(1.05)
    expect((await fonts.itemise('Rust', 'data:')).runs[0]!.face.family).toBe('anton-latin-400-normal')
  })

  test.each(['data:;base64,AAEAAAAA', 'data:;base64,?', 'nonsense'])(
    '%s is no font, and is said to be none',
    async (own) => {
      await expect(fonts.itemise('Rust', own)).rejects.toMatchObject({ code: 'config.invalid' })
      await expect(fonts.itemise('Rust', own)).rejects.toMatchObject({ code: 'config.invalid' })
    },
  )

  test('only the files that a title needs are read', async () => {
    read.length = 0
    const fresh = await openFonts(canvasKit, readPackageFile)
    await fresh.itemise('Only Latin')
    expect(read).toEqual(['@fontsource/anton/unicode.json', '@fontsource/anton/files/anton-latin-400-normal.woff2'])
  })

  test('ideographs are Chinese where no kana says that they are Japanese', async () => {
    const packagesOf = async (title: string) =>
      new Set((await fonts.itemise(title)).runs.map(({ face }) => face.path.split('/')[1]))
    expect(await packagesOf('你好世界')).toEqual(new Set(['noto-sans-sc']))
    expect(await packagesOf('世界を')).toEqual(new Set(['dela-gothic-one']))
  })

  test('ranges are read as CSS writes them', () => {
    expect([...parseRanges('U+0-FF, U+131,U+1f1e6-1f1ff')]).toEqual([0, 0xff, 0x131, 0x131, 0x1f1e6, 0x1f1ff])
  })
})

describe('typeset', () => {
  test('a shape for each number of lines, narrower with every line', async () => {
    const found = await shapes('10 Things Nobody Told You About Rust')
    expect(found.map(({ lines }) => lines)).toEqual([1, 2, 3, 4])
    const widths = found.map(({ width }) => width)
    expect(widths).toEqual(widths.toSorted((a, b) => b - a))
    expect(widths[1]! / widths[0]!).toBeLessThan(0.62)
    expect(found.every(({ truncated }) => !truncated)).toBe(true)
  })

  test('one word has one shape', async () => {
    expect((await shapes('Hello')).map(({ lines }) => lines)).toEqual([1])
  })

  test('a cut text has as many lines as fit, and none where there is no room', async () => {
    const { runs } = await fonts.itemise('word '.repeat(200))
    expect(cutShape(runs, { width: 20, height: 2.5 }, 4)).toMatchObject({ lines: 2, width: 20, truncated: true })
    expect(cutShape(runs, { width: 20, height: 0.5 }, 4)).toBeUndefined()
    expect(cutShape(runs, { width: 1, height: 9 }, 4)).toBeUndefined()
  })

  test('the first letter decides the direction', () => {
    expect(['10 أشياء', 'שלום Rust'].map(isRightToLeft)).toEqual([true, true])
    expect(['Rust شيء', '誰も', '123', ''].map(isRightToLeft)).toEqual([false, false, false, false])
  })

  test('Thai lines break between words', async () => {
    expect(markBreaks('สิบเรื่องที่ไม่มี Rust').split('\u200b').length).toBeGreaterThan(2)
    expect(markBreaks('Only Latin')).toBe('Only Latin')
    expect((await shapes('สิบเรื่องที่ไม่มีใครเคยบอกคุณ')).length).toBeGreaterThan(2)
  })

  test('Japanese lines break between phrases', () => {
    const shown = (text: string) => joinPhrases(text).replaceAll('\u2060', '·')
    expect(shown('誰も教えてくれなかった')).toBe('誰·も教·え·てく·れ·な·か·っ·た')
    expect(shown('助けてください')).toBe('助·け·てく·だ·さ·い')
    expect(shown('とてもらくに')).toBe('と·て·も·ら·く·に')
    expect(shown('iPhoneの「秘密」を話す')).toBe('iPhoneの「秘·密·」·を話·す')
    expect(joinPhrases('Only Latin')).toBe('Only Latin')
    expect(markBreaks('열 가지 Rust').replaceAll('\u2060', '·')).toBe('열 가·지 Rust')
  })
})

/** A picture of one grey. */
const grey = (value: number): Picture => ({
  ...PICTURE,
  channels: 3,
  data: new Uint8Array(3 * PICTURE.width * PICTURE.height).fill(value),
})

async function paint(title: string, style = styled(), picture = grey(40)) {
  const { block, missing } = await painter.set({ pictures: [picture], title, style })
  const painted = block?.paint({ headroom: 1 })
  return { missing, painted, report: painted && reportOf(block!, painted, picture) }
}

function reportOf(block: TitleBlock, painted: Painted, picture: Picture) {
  const shipped = [blend({ ...picture, data: Buffer.from(picture.data) }, painted.patch)]
  return block.report(painted, block.measure(shipped, painted), shipped)
}

/** The smallest box around what is not transparent, in the picture. */
function inkOf({ pixels, x, y, width }: Patch) {
  const ink = { left: PICTURE.width, right: 0, top: PICTURE.height, bottom: 0 }
  for (let pixel = 0; pixel < pixels.length / 4; pixel++) {
    if (pixels[4 * pixel + 3] === 0) continue
    ink.left = Math.min(ink.left, x + (pixel % width))
    ink.right = Math.max(ink.right, x + (pixel % width) + 1)
    ink.top = Math.min(ink.top, y + Math.floor(pixel / width))
    ink.bottom = Math.max(ink.bottom, y + Math.floor(pixel / width) + 1)
  }
  return ink
}

describe('paint', () => {
  test.each(POSITIONS)(
    '%s: inside the picture, with the same free space at each edge that it stands at',
    async (position) => {
      const { painted, report } = await paint('Nobody Told You', styled({ position }))
      const { left, right, top, bottom } = inkOf(painted!.patch)
      const space = { left, right: PICTURE.width - right, top, bottom: PICTURE.height - bottom }
      expect(report!.position).toBe(position)
      expect(Math.min(...Object.values(space))).toBeGreaterThan(56)
      for (const side of ['left', 'right', 'top', 'bottom'] as const)
        if (position.includes(side)) expect(space[side]).toBe(58)
      if (position === 'center') expect(Math.abs(space.left - space.right)).toBeLessThan(3)
    },
  )

  test('nothing stands behind letters that can be read without', async () => {
    const { painted, report } = await paint('Nobody Told You')
    expect(report).toMatchObject({ help: 'none', strength: 0, damage: 0 })
    expect(
      painted!.patch.pixels.filter((_, index) => index % 4 === 3).filter((alpha) => alpha === 255).length,
    ).toBeGreaterThan(20_000)
  })

  test('letters are dark where that needs less help', async () => {
    const { report } = await paint('Nobody Told You', styled(), grey(235))
    expect(report).toMatchObject({ help: 'none', contrast: { target: 8 } })
  })

  test('letters have a colour that their preset allows, the best liked one first', async () => {
    const asked = styled({ colors: ['#ffcc00', '#ffffff'] })
    expect((await paint('III', asked)).report!.fill).toBe('#ffcc00')
    expect((await paint('III', styled({ style: 'vivid' }))).report!.fill).not.toBe('#ffffff')
  })

  test('no colour at all is a failure with a reason', async () => {
    await expect(paint('III', styled({ minContrast: 10, colors: ['#808080'] }))).rejects.toMatchObject({
      code: 'title.not_readable',
    })
  })

  test.each(['outline', 'banner'] as const)('%s is drawn where nothing would be needed, too', async (style) => {
    expect((await paint('III', styled({ style }))).report).toMatchObject({ help: style })
  })

  test('keeps clear of what is to be avoided, of the focus, and of the corner with the duration', async () => {
    const free = await paint('Nobody', styled({ badge: false }))
    const side = (report: typeof free.report) => report!.position
    const left = { x: 0, y: 0, width: 0.6, height: 1 }
    expect(side(free.report)).toBe('bottom-left')
    expect(side((await paint('Nobody', styled({ avoid: [left] }))).report)).toContain('right')
    const { block } = await painter.set({
      pictures: [grey(40)],
      title: 'Nobody',
      style: styled(),
      focus: { x: 0.2, y: 0.85 },
    })
    const painted = block!.paint({ headroom: 1 })
    expect(side(reportOf(block!, painted, grey(40)))).not.toBe('bottom-left')
    const { report } = await paint('Nobody', styled({ position: 'bottom-right' }))
    expect(report!.cost.badge).toBeGreaterThan(1)
  })

  test('right-to-left titles prefer the right and lean on it', async () => {
    expect((await paint('مرحبا بكم في عالم البرمجة')).report!.position).not.toContain('left')
  })

  test('an emoji has colours, and a border of the colour of the letters', async () => {
    const { painted } = await paint('🦀 Rust')
    const { pixels } = painted!.patch
    let red = 0
    for (let index = 0; index < pixels.length; index += 4)
      if (pixels[index]! > 180 && pixels[index + 2]! < 80 && pixels[index + 3] === 255) red += 1
    expect(red).toBeGreaterThan(500)
  })

  test('gives all its memory back', async () => {
    const heap = canvasKit as unknown as { HEAPU8: Uint8Array }
    const drawLarge = () => paint('I', styled({ maxSize: 0.5 }))
    for (let round = 0; round < 5; round++) await drawLarge()
    const before = heap.HEAPU8.length
    for (let round = 0; round < 30; round++) await drawLarge()
    expect(heap.HEAPU8.length).toBe(before)
  })

  test('nor does it grow with titles in a weight of a variable font', async () => {
    const heap = canvasKit as unknown as { HEAPU8: Uint8Array }
    await shapes('你好世界')
    const before = heap.HEAPU8.length
    for (let round = 0; round < 600; round++) await shapes('你好世界')
    expect(heap.HEAPU8.length).toBe(before)
  })

  test('nothing is drawn where no character can be', async () => {
    expect(await painter.set({ pictures: [grey(40)], title: 'ᚠᚢ', style: styled() })).toEqual({
      block: undefined,
      missing: ['ᚠ', 'ᚢ'],
    })
  })

  test('a picture that is too small for any text is refused', async () => {
    const tiny: Picture = { width: 8, height: 8, channels: 3, data: new Uint8Array(192) }
    await expect(painter.set({ pictures: [tiny], title: 'Hello', style: styled() })).rejects.toMatchObject({
      code: 'title.does_not_fit',
    })
  })

  test('what is too long ends in an ellipsis', async () => {
    const { report, painted } = await paint('word '.repeat(60).trim(), styled({ maxLines: 2 }))
    expect(report).toMatchObject({ truncated: true, lines: 2, size: Math.ceil(0.04 * 720) })
    expect(inkOf(painted!.patch).right).toBeLessThan(PICTURE.width)
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
    const { painted, missing, report } = await paint(title)
    if (painted) expect(report!.contrast.worst).toBeGreaterThanOrEqual(report!.contrast.target)
    else expect(missing.length > 0 || title.trim().replace(/\p{Default_Ignorable_Code_Point}/gu, '') === '').toBe(true)
  })
})
