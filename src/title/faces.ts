// The faces that titles are set in, in order of preference, and which of their files holds which characters.

/** One package of fonts, cut into files by range of characters. */
export interface FontPackage {
  name: string
  /** The part of the file names before the subset, and after it. */
  prefix: string
  suffix: string
  /** Only these subsets; without it, all that the package's `unicode.json` names. */
  subsets?: readonly string[]
  /** One file that holds all that the table's subsets name. */
  whole?: string
  /** Where the font is variable: the weight to draw it in. */
  weight?: number
  /** Size beside the first face at which both look equally large. */
  scale: number
  /** Distance from line to line that this script needs, in letter sizes. */
  leading: number
  emoji?: boolean
  /** What it draws, where it is large and not installed unless somebody wants it. */
  optional?: 'Korean' | 'Chinese'
}

const noto = (script: string, weight = 900): Omit<FontPackage, 'scale' | 'leading'> => ({
  name: `@fontsource/noto-sans-${script}`,
  prefix: `noto-sans-${script}-`,
  suffix: `-${weight}-normal`,
  subsets: [script],
})

const notoVariable = (language: string): FontPackage => ({
  name: `@fontsource-variable/noto-sans-${language}`,
  prefix: `noto-sans-${language}-`,
  suffix: '-wght-normal',
  weight: 900,
  scale: 0.94,
  leading: 1.14,
})

const LATIN: readonly FontPackage[] = [
  { name: '@fontsource/anton', prefix: 'anton-', suffix: '-400-normal', scale: 1, leading: 1.16 },
  { name: '@fontsource/noto-sans', prefix: 'noto-sans-', suffix: '-900-normal', scale: 1, leading: 1.2 },
  { ...noto('arabic'), scale: 1.1, leading: 1.5 },
  { ...noto('hebrew'), scale: 1.15, leading: 1.2 },
  { ...noto('devanagari'), scale: 1.1, leading: 1.4 },
  { ...noto('thai'), scale: 1.1, leading: 1.5 },
]
const JAPANESE: readonly FontPackage[] = [
  {
    name: '@fontsource/dela-gothic-one',
    prefix: 'dela-gothic-one-',
    suffix: '-400-normal',
    scale: 0.94,
    leading: 1.14,
  },
  notoVariable('jp'),
]
const CHINESE: readonly FontPackage[] = [
  { ...notoVariable('sc'), optional: 'Chinese' },
  { ...notoVariable('tc'), optional: 'Chinese' },
]
const KOREAN: readonly FontPackage[] = [
  {
    name: '@fontsource/black-han-sans',
    prefix: 'black-han-sans-',
    suffix: '-400-normal',
    scale: 1,
    leading: 1.14,
    optional: 'Korean',
  },
  { ...notoVariable('kr'), optional: 'Korean' },
]
// Its parts draw with SVG, which Skia does not read here; only the whole file has colour glyphs (COLR) too.
const EMOJI: FontPackage = {
  name: '@fontsource/noto-color-emoji',
  prefix: 'noto-color-emoji-',
  suffix: '-400-normal',
  whole: 'emoji',
  scale: 0.86,
  leading: 1.1,
  emoji: true,
}

/** Heavy display faces first; where one lacks a character the next is asked. */
export const PACKAGES: readonly FontPackage[] = [...LATIN, ...JAPANESE, ...CHINESE, ...KOREAN, EMOJI]

const HAN = /\p{Script=Han}/u
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u

/** The packages in the order that suits a title: the same ideograph is written differently in Chinese and in Japanese. */
export function packagesFor(title: string): readonly FontPackage[] {
  if (!HAN.test(title) || KANA.test(title)) return PACKAGES
  return [...LATIN, ...CHINESE, ...JAPANESE, ...KOREAN, EMOJI]
}

/** One font file. */
export interface Face {
  /** Names the face to Skia; unique. */
  family: string
  /** The file, as a package path such as `@fontsource/anton/files/anton-latin-400-normal.woff2`, or what the caller calls it. */
  path: string
  /** What the package says it covers, as pairs of first and last code point; `undefined` where only the font itself knows. */
  ranges: Uint32Array | undefined
  weight: number | undefined
  scale: number
  leading: number
  emoji: boolean
}

/** Reads a file of a package: from node_modules in Node, with `fetch` in a browser. Fails where the package is not installed. */
export type ReadFontFile = (path: string) => Promise<Uint8Array>

/** A package's faces, from its table of ranges; none where it is optional and not there. */
export async function readFaces(source: FontPackage, readFile: ReadFontFile): Promise<Face[]> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(`${source.name}/unicode.json`)
  } catch (error) {
    if (source.optional) return []
    throw error
  }
  const table = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, string>
  if (source.whole !== undefined) return [faceOf(source, source.whole, Object.values(table).join())]
  return Object.entries(table)
    .map(([key, ranges]) => [key.replace(/[[\]]/g, ''), ranges] as const)
    .filter(([subset]) => !source.subsets || source.subsets.includes(subset))
    .map(([subset, ranges]) => faceOf(source, subset, ranges))
}

function faceOf(source: FontPackage, subset: string, ranges: string): Face {
  const { prefix, suffix, name, weight, scale, leading, emoji = false } = source
  const family = `${prefix}${subset}${suffix}`
  return { family, path: `${name}/files/${family}.woff2`, ranges: parseRanges(ranges), weight, scale, leading, emoji }
}

/** CSS `unicode-range`: `U+0-FF,U+131`. */
export function parseRanges(text: string): Uint32Array {
  const pairs: number[] = []
  for (const range of text.split(',')) {
    const [first = '', last = first] = range.trim().replace(/^U\+/i, '').split('-')
    pairs.push(Number.parseInt(first, 16), Number.parseInt(last, 16))
  }
  return Uint32Array.from(pairs)
}

/** May this face have the character? */
export function claims({ ranges }: Face, codePoint: number): boolean {
  if (!ranges) return true
  for (let at = 0; at < ranges.length; at += 2)
    if (codePoint >= ranges[at]! && codePoint <= ranges[at + 1]!) return true
  return false
}

const SCRIPTS: Record<NonNullable<FontPackage['optional']>, RegExp> = {
  Korean: /\p{Script=Hangul}/u,
  Chinese: HAN,
}

/** The packages that would draw these characters if they were installed. */
export function packagesThatDraw(missing: readonly string[]): string[] {
  const text = missing.join('')
  return PACKAGES.filter(({ optional }) => optional && SCRIPTS[optional].test(text)).map(({ name }) => name)
}
