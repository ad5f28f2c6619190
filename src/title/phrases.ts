// Where lines may break: between phrases in Japanese and Chinese, between words in Korean, in Thai and its neighbours.
import { graphemesOf } from '../graphemes.ts'

const BREAK = '\u200b'
const WORD_JOINER = '\u2060'
/** Longer phrases may be broken anywhere: to keep them whole would cost too much of the letters' size. */
const LONGEST_PHRASE = 10

const IDEOGRAPHIC = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]/u
const LEANS_BACK = /^[\p{Script=Hiragana}\p{Pe}\p{Pf}\p{Po}ー]/u
const HOLDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Pe}\p{Pf}\p{Po}ー]$/u
/** Between a verb in its te-form and one that says for whom, or how, it is done: by the grammar of schools two phrases. The dictionary joins them at random. */
const SUBSIDIARY =
  /(?<=[てで])(?=くれ|くださ|もら[いうえおっわ]|いただ[いきけ]|ほし[いかく]|しま[いうっわ]|あげ[たてまる])/u

/** Scripts without spaces between words, for which Skia knows no breaks here. */
const UNSPACED = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

const HANGUL = /\p{Script=Hangul}/u

/** Made when first needed: their dictionaries take a while to load. */
const wordsOf = (language: string) => new Intl.Segmenter(language, { granularity: 'word' })

/** The same text, with marks where its lines may break and may not. */
export function markBreaks(text: string): string {
  return joinPhrases(joinSyllables(breakWords(text)))
}

/** Zero-width spaces between the words of scripts that write none. */
function breakWords(text: string): string {
  if (!UNSPACED.test(text)) return text
  let broken = ''
  for (const { segment } of wordsOf('th').segment(text)) {
    const isInside = UNSPACED.test(segment) && UNSPACED.test(broken.slice(-1))
    broken += isInside ? BREAK + segment : segment
  }
  return broken
}

/** Korean has spaces between its words, and by rule may break within them too; good typography does not. */
function joinSyllables(text: string): string {
  if (!HANGUL.test(text)) return text
  return text
    .split(' ')
    .map((word) => (HANGUL.test(word) ? joined(word) : word))
    .join(' ')
}

/**
 * The same text with word joiners inside its phrases. A phrase is a word of the dictionary with what leans on it: endings and particles,
 * which are written in hiragana. Text in other scripts comes back as it is: its breaks are marked already.
 */
export function joinPhrases(text: string): string {
  if (!IDEOGRAPHIC.test(text)) return text
  const phrases: string[] = []
  for (const { segment } of wordsOf('ja').segment(text)) {
    const last = phrases.at(-1)
    const leans = LEANS_BACK.test(segment) && last !== undefined && HOLDS.test(last)
    if (leans) phrases[phrases.length - 1] = last + segment
    else phrases.push(segment)
  }
  return phrases
    .flatMap((phrase) => phrase.split(SUBSIDIARY))
    .map(joinPhrase)
    .join('')
}

const joinPhrase = (phrase: string) => (IDEOGRAPHIC.test(phrase) ? joined(phrase) : phrase)

function joined(phrase: string): string {
  const parts = graphemesOf(phrase)
  return parts.length > LONGEST_PHRASE ? phrase : parts.join(WORD_JOINER)
}
