// Where a Japanese or Chinese line may break: between phrases, and not wherever two characters meet.

const WORD_JOINER = '\u2060'
/** Longer phrases may be broken anywhere: to keep them whole would cost too much of the letters' size. */
const LONGEST_PHRASE = 10

const words = new Intl.Segmenter('ja', { granularity: 'word' })
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
const IDEOGRAPHIC = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]/u
const LEANS_BACK = /^[\p{Script=Hiragana}\p{Pe}\p{Pf}\p{Po}ー]/u
const HOLDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Pe}\p{Pf}\p{Po}ー]$/u

/**
 * The same text with word joiners inside its phrases. A phrase is a word of the dictionary with what leans on it: endings and particles,
 * which are written in hiragana. Text in other scripts comes back as it is: its breaks are marked already.
 */
export function joinPhrases(text: string): string {
  if (!IDEOGRAPHIC.test(text)) return text
  const phrases: string[] = []
  for (const { segment } of words.segment(text)) {
    const last = phrases.at(-1)
    const leans = LEANS_BACK.test(segment) && last !== undefined && HOLDS.test(last)
    if (leans) phrases[phrases.length - 1] = last + segment
    else phrases.push(segment)
  }
  return phrases.map(joinPhrase).join('')
}

function joinPhrase(phrase: string): string {
  if (!IDEOGRAPHIC.test(phrase)) return phrase
  const parts = Array.from(graphemes.segment(phrase), ({ segment }) => segment)
  return parts.length > LONGEST_PHRASE ? phrase : parts.join(WORD_JOINER)
}
