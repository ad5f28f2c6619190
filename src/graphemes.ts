// What people call characters: grapheme clusters, an emoji with its skin tone being one. Runs in Node and in browsers alike.

/** Below the first combining mark each stands for itself, but for CR LF. Most titles need no more. */
const JOINING = /[\u0300-\uffff]|\r/

/** Made on first need: ICU takes 10 ms to read its rules. */
let segmenter: Intl.Segmenter | undefined

export function graphemesOf(text: string): string[] {
  if (!JOINING.test(text)) return text.split('')
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}
