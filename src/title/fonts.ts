// Which font draws which part of a title: loads only the files that a title needs, and names what none of them has.
import type { CanvasKit, Typeface, TypefaceFontProvider } from 'canvaskit-wasm'
import { ThumbsmithError } from '../errors.ts'
import { claims, type Face, type FontPackage, PACKAGES, packagesFor, type ReadFontFile, readFaces } from './faces.ts'
import { markBreaks } from './phrases.ts'

/** A stretch of text in one face. */
export interface Run {
  text: string
  face: Face
}

export interface Itemised {
  runs: Run[]
  /** Characters that no face has; they are left out of the runs. */
  missing: string[]
}

/** A font that the user brings: TTF, OTF or WOFF2. */
export interface OwnFont {
  /** What `readFile` is asked for. */
  path: string
  /** Where it is variable: the weight to draw it in. */
  weight?: number | undefined
  /** Size beside the bundled faces at which both look equally large; 1 by default. */
  scale?: number | undefined
  /** Distance from line to line, in letter sizes; 1.2 by default. */
  leading?: number | undefined
}

export interface Fonts {
  provider: TypefaceFontProvider
  /** The face that stands in where a run's own has no ellipsis. */
  base: Face
  /** `own` names the font that is asked first. Throws `config.invalid` where it cannot be used. */
  itemise(title: string, own?: string): Promise<Itemised>
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
const isEmoji = (grapheme: string) => !ASCII.test(grapheme) && EMOJI.test(grapheme)
const ASCII = /^[ -~]*$/
/** Drawn in colours by default, or asked to be. (`RGI_Emoji` would be exact, and takes 20 ms to compile.) */
const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u
/** Joiners and variation selectors: no font need have them. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u

const visibleOf = (text: string) =>
  ASCII.test(text) ? Array.from(text) : Array.from(text).filter((char) => !IGNORABLE.test(char))

/** Opens the fonts; tables and files are read when a title first needs them, and kept. */
export async function openFonts(
  canvasKit: CanvasKit,
  readFile: ReadFontFile,
  own: Record<string, OwnFont> = {},
): Promise<Fonts> {
  const provider = canvasKit.TypefaceFontProvider.Make()
  const tables = new Map<FontPackage, Promise<Face[]>>()
  const loaded = new Map<Face, Promise<Typeface>>()
  const ownFaces = new Map(Object.entries(own).map(([name, font]) => [name, ownFace(name, font)]))

  async function load(face: Face): Promise<Typeface> {
    provider.registerFont(await readFile(face.path), face.family)
    return provider.matchFamilyStyle(face.family, {})
  }

  async function has(face: Face, text: string): Promise<boolean> {
    const typeface = await kept(loaded, face, load)
    return !typeface.getGlyphIDs(text).includes(0)
  }

  async function faceFor(grapheme: string, packages: readonly FontPackage[], first: Face | undefined) {
    const visible = visibleOf(grapheme)
    const codePoints = visible.map((char) => char.codePointAt(0)!)
    const emoji = isEmoji(grapheme)
    if (first && !emoji && (await has(first, visible.join('')))) return first
    for (const source of packages) {
      if (emoji && !source.emoji) continue
      for (const face of await kept(tables, source, (missing) => readFaces(missing, readFile)))
        if (codePoints.every((codePoint) => claims(face, codePoint)) && (await has(face, visible.join('')))) return face
    }
    return undefined
  }

  /** A font that cannot be used is named before anything is drawn without it. */
  async function ownFaceOf(name: string | undefined): Promise<Face | undefined> {
    if (name === undefined) return undefined
    const face = ownFaces.get(name)
    try {
      if (face) await has(face, 'x')
    } catch (cause) {
      throw new ThumbsmithError('config.invalid', `The font "${name}" is not a TTF, OTF or WOFF2 file.`, { cause })
    }
    if (!face) throw new ThumbsmithError('config.invalid', `There is no font "${name}". Name it under fonts.`)
    return face
  }

  async function itemise(title: string, ownName?: string): Promise<Itemised> {
    const first = await ownFaceOf(ownName)
    const packages = packagesFor(title)
    const runs: Run[] = []
    const missing = new Set<string>()
    let isGap = false
    for (const { segment } of graphemes.segment(markBreaks(title))) {
      const last = runs.at(-1)
      const isUnseen = visibleOf(segment).length === 0
      // What is left out leaves no second space behind, and nothing that belongs to it.
      const isDoubled = segment === ' ' && missing.size > 0 && (last === undefined || last.text.endsWith(' '))
      if (isDoubled || (isUnseen && (isGap || !last))) continue
      const face = isUnseen ? last?.face : await faceFor(segment, packages, first)
      isGap = !face
      if (!face) missing.add(segment)
      else if (last?.face === face) last.text += segment
      else runs.push({ text: segment, face })
    }
    return { runs, missing: [...missing] }
  }

  const base = (await faceFor('…', PACKAGES, undefined))!
  return { provider, base, itemise }
}

const ownFace = (name: string, { path, weight, scale = 1, leading = 1.2 }: OwnFont): Face => ({
  family: `own ${name}`,
  path,
  ranges: undefined,
  weight,
  scale,
  leading,
  emoji: false,
})

/** Found once and kept; what failed is tried again. */
async function kept<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  find: (key: Key) => Promise<Value>,
): Promise<Value> {
  const pending = known.get(key) ?? find(key)
  known.set(key, pending)
  pending.catch(() => known.delete(key))
  return pending
}
