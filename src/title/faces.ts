// The faces that titles are set in, in order of preference, and which of their files holds which characters.

/** One package of fonts, cut into files by range of characters. */
interface Package {
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
}

const noto = (script: string, weight = 900): Omit<Package, 'scale' | 'leading'> => ({
  name: `@fontsource/noto-sans-${script}`,
  prefix: `noto-sans-${script}-`,
  suffix: `-${weight}-normal`,
  subsets: [script],
})

/** Heavy display faces first; where one lacks a character the next is asked. */
const PACKAGES: readonly Package[] = [
  { name: '@fontsource/anton', prefix: 'anton-', suffix: '-400-normal', scale: 1, leading: 1.16 },
  { name: '@fontsource/noto-sans', prefix: 'noto-sans-', suffix: '-900-normal', scale: 1, leading: 1.2 },
  { ...noto('arabic'), scale: 1.1, leading: 1.5 },
  { ...noto('hebrew'), scale: 1.15, leading: 1.2 },
  { ...noto('devanagari'), scale: 1.1, leading: 1.4 },
  { ...noto('thai'), scale: 1.1, leading: 1.5 },
  {
    name: '@fontsource/dela-gothic-one',
    prefix: 'dela-gothic-one-',
    suffix: '-400-normal',
    scale: 0.94,
    leading: 1.14,
  },
  {
    name: '@fontsource-variable/noto-sans-jp',
    prefix: 'noto-sans-jp-',
    suffix: '-wght-normal',
    weight: 900,
    scale: 0.94,
    leading: 1.14,
  },
  // Its parts draw with SVG, which Skia does not read here; only the whole file has colour glyphs (COLR) too.
  {
    name: '@fontsource/noto-color-emoji',
    prefix: 'noto-color-emoji-',
    suffix: '-400-normal',
    whole: 'emoji',
    scale: 0.86,
    leading: 1.1,
    emoji: true,
  },
]

/** One font file. */
export interface Face {
  /** Names the face to Skia; unique. */
  family: string
  /** The file, as a package path such as `@fontsource/anton/files/anton-latin-400-normal.woff2`. */
  path: string
  /** What the package says it covers, as pairs of first and last code point. */
  ranges: readonly (readonly [number, number])[]
  weight: number | undefined
  scale: number
  leading: number
  emoji: boolean
}

/** Reads a file of a package: from node_modules in Node, with `fetch` in a browser. */
export type ReadFontFile = (path: string) => Promise<Uint8Array>

/** All faces in order of preference; reads only the packages' tables of ranges. */
export async function readFaces(readFile: ReadFontFile): Promise<Face[]> {
  const faces = await Promise.all(
    PACKAGES.map(async (source) => {
      const table = JSON.parse(new TextDecoder().decode(await readFile(`${source.name}/unicode.json`))) as Record<
        string,
        string
      >
      if (source.whole !== undefined) return faceOf(source, source.whole, Object.values(table).join())
      return Object.entries(table).flatMap(([key, ranges]) => faceOf(source, key.replace(/[[\]]/g, ''), ranges))
    }),
  )
  return faces.flat()
}

function faceOf(source: Package, subset: string, ranges: string): Face[] {
  if (source.subsets && !source.subsets.includes(subset)) return []
  const file = `${source.prefix}${subset}${source.suffix}`
  const { weight, scale, leading, emoji = false } = source
  return [
    {
      family: file,
      path: `${source.name}/files/${file}.woff2`,
      ranges: parseRanges(ranges),
      weight,
      scale,
      leading,
      emoji,
    },
  ]
}

/** CSS `unicode-range`: `U+0-FF,U+131`. */
export function parseRanges(text: string): [number, number][] {
  return text.split(',').map((range) => {
    const [first = '', last = first] = range.trim().replace(/^U\+/i, '').split('-')
    return [Number.parseInt(first, 16), Number.parseInt(last, 16)]
  })
}

export function claims(face: Face, codePoint: number): boolean {
  return face.ranges.some(([first, last]) => codePoint >= first && codePoint <= last)
}
