// Which font draws which part of a title: loads only the files that a title needs, and names what none of them has.
import type { CanvasKit, FontCollection, Typeface } from 'canvaskit-wasm'
import { ThumbsmithError } from '../errors.ts'
import { graphemesOf } from '../graphemes.ts'
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

export interface Fonts {
  /** All faces that were loaded so far, by family. */
  collection: FontCollection
  /** The face that stands in where a run's own has no ellipsis. */
  base: Face
  /** `own` is a font of the user's, which is asked first: TTF, OTF or WOFF2 as a `data:` URL. Throws `config.invalid` where it is none. */
  itemise(title: string, own?: string): Promise<Itemised>
}

const isEmoji = (grapheme: string) => !ASCII.test(grapheme) && EMOJI.test(grapheme)
const ASCII = /^[ -~]*$/
/** Drawn in colours by default, or asked to be. (`RGI_Emoji` would be exact, and takes 20 ms to compile.) */
const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u
/** Joiners and variation selectors: no font need have them. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u
const IGNORABLES_AT_END = /\p{Default_Ignorable_Code_Point}+$/u

const visibleOf = (text: string) =>
  ASCII.test(text) ? Array.from(text) : Array.from(text).filter((char) => !IGNORABLE.test(char))

/** What is seen of a grapheme, with the joiners within it, and what follows that is not seen. */
function partsOf(grapheme: string): [seen: string, unseen: string] {
  const [unseen = ''] = (ASCII.test(grapheme) ? null : IGNORABLES_AT_END.exec(grapheme)) ?? []
  return [grapheme.slice(0, grapheme.length - unseen.length), unseen]
}

/** Opens the fonts; tables and files are read when a title first needs them, and kept. */
export async function openFonts(canvasKit: CanvasKit, readFile: ReadFontFile): Promise<Fonts> {
  const provider = canvasKit.TypefaceFontProvider.Make()
  // One for all titles: each collection makes its own copy of a variable font's weight, and does not give its memory back.
  const collection = canvasKit.FontCollection.Make()
  collection.setDefaultFontManager(provider)
  collection.enableFontFallback()
  const tables = new Map<FontPackage, Promise<Face[]>>()
  const loaded = new Map<Face, Promise<Typeface>>()
  const ownFaces = new Map<string, Promise<Face>>()

  async function load(face: Face): Promise<Typeface> {
    return register(await readFile(face.path), face.family)
  }

  function register(bytes: Uint8Array, family: string): Typeface {
    provider.registerFont(bytes, family)
    return provider.matchFamilyStyle(family, {})
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

  async function loadOwn(url: string): Promise<Face> {
    const family = `own ${ownFaces.size}`
    try {
      const typeface = register(bytesOf(url), family)
      const scale = capitalHeight(canvasKit, await kept(loaded, base, load)) / capitalHeight(canvasKit, typeface)
      const face: Face = { ...OWN_FACE, family, path: family, scale: Math.min(1.5, Math.max(0.7, scale || 1)) }
      loaded.set(face, Promise.resolve(typeface))
      return face
    } catch (cause) {
      throw new ThumbsmithError('config.invalid', 'The font of the title is not a TTF, OTF or WOFF2 file.', { cause })
    }
  }

  async function itemise(title: string, own?: string): Promise<Itemised> {
    const first = hasBytes(own) ? await kept(ownFaces, own, loadOwn) : undefined
    const packages = packagesFor(title)
    const runs: Run[] = []
    const missing = new Set<string>()
    let isGap = false
    const add = (text: string, face: Face) => {
      const last = runs.at(-1)
      if (last?.face === face) last.text += text
      else runs.push({ text, face })
    }
    for (const segment of graphemesOf(markBreaks(title))) {
      const last = runs.at(-1)
      const [seen, unseen] = partsOf(segment)
      // What is left out leaves no second space behind, and nothing that belongs to it.
      const isDoubled = segment === ' ' && missing.size > 0 && (last === undefined || last.text.endsWith(' '))
      if (isDoubled || (seen === '' && (isGap || !last))) continue
      const face = seen === '' ? last?.face : await faceFor(segment, packages, first)
      isGap = !face
      if (!face) missing.add(segment)
      if (face && seen) add(seen, face)
      if (face && unseen) add(unseen, (await hides(face)) ? face : base)
    }
    return { runs, missing: [...missing] }
  }

  /**
   * What is not seen is drawn as a space of no width. A face without a space leaves it out, and Skia ends itself (an index out of bounds)
   * where nothing is left of a run: that of a joiner between Korean and Hebrew, say.
   */
  const hides = (face: Face) => has(face, ' ')

  const base = (await faceFor('…', PACKAGES, undefined))!
  return { collection, base, itemise }
}

/** A preset as others may see it has no bytes in its font; they see the bundled ones. */
const hasBytes = (url: string | undefined): url is string => url !== undefined && url !== 'data:'

const bytesOf = (url: string) =>
  Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (character) => character.charCodeAt(0))

/** Only the font itself knows what it covers; a variable one is drawn as heavy as it can be. */
const OWN_FACE = { ranges: undefined, weight: 900, leading: 1.2, emoji: false }

/** Of a letter size; NaN where it has no H. */
function capitalHeight(canvasKit: CanvasKit, typeface: Typeface): number {
  const font = new canvasKit.Font(typeface, 100)
  try {
    const [, top = Number.NaN, , bottom = Number.NaN] = font.getGlyphBounds(typeface.getGlyphIDs('H'))
    return bottom - top
  } finally {
    font.delete()
  }
}

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
