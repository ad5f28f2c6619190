// Which font draws which part of a title: loads only the files that a title needs, and names what none of them has.
import type { CanvasKit, Typeface, TypefaceFontProvider } from 'canvaskit-wasm'
import { claims, type Face, type ReadFontFile, readFaces } from './faces.ts'
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
  provider: TypefaceFontProvider
  /** The face that stands in where a run's own has no ellipsis. */
  base: Face
  itemise(title: string): Promise<Itemised>
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
// Not a literal: the compiler takes the flag for newer than the oldest Node that we run on, which has it.
const RGI_EMOJI = String.raw`^\p{RGI_Emoji}$`
const isEmoji = new RegExp(RGI_EMOJI, 'v')
/** Joiners and variation selectors: no font need have them. */
const IGNORABLE = /[\p{Default_Ignorable_Code_Point}]/u

const visibleOf = (text: string) => Array.from(text).filter((char) => !IGNORABLE.test(char))

/** Opens the fonts; files are read when a title first needs them, and kept. */
export async function openFonts(canvasKit: CanvasKit, readFile: ReadFontFile): Promise<Fonts> {
  const faces = await readFaces(readFile)
  const provider = canvasKit.TypefaceFontProvider.Make()
  const loaded = new Map<Face, Promise<Typeface>>()

  async function load(face: Face): Promise<Typeface> {
    provider.registerFont(await readFile(face.path), face.family)
    return provider.matchFamilyStyle(face.family, {})
  }

  async function has(face: Face, text: string): Promise<boolean> {
    const pending = loaded.get(face) ?? load(face)
    loaded.set(face, pending)
    return !(await pending).getGlyphIDs(text).includes(0)
  }

  async function faceFor(grapheme: string): Promise<Face | undefined> {
    const visible = visibleOf(grapheme)
    const codePoints = visible.map((char) => char.codePointAt(0)!)
    const emoji = isEmoji.test(grapheme)
    for (const face of faces) {
      if (emoji && !face.emoji) continue
      if (codePoints.every((codePoint) => claims(face, codePoint)) && (await has(face, visible.join('')))) return face
    }
    return undefined
  }

  async function itemise(title: string): Promise<Itemised> {
    const runs: Run[] = []
    const missing = new Set<string>()
    for (const { segment } of graphemes.segment(markBreaks(title))) {
      const last = runs.at(-1)
      const isUnseen = visibleOf(segment).length === 0
      // What is left out leaves no second space behind.
      const isDoubled = segment === ' ' && missing.size > 0 && (last === undefined || last.text.endsWith(' '))
      if (isDoubled || (isUnseen && !last)) continue
      const face = isUnseen ? last?.face : await faceFor(segment)
      if (!face) missing.add(segment)
      else if (last?.face === face) last.text += segment
      else runs.push({ text: segment, face })
    }
    return { runs, missing: [...missing] }
  }

  const base = faces.find((face) => claims(face, 0x2026))!
  await has(base, '…')
  return { provider, base, itemise }
}
