import fc from 'fast-check'
import { expect, it } from 'vitest'
import { graphemesOf } from './graphemes.ts'

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })
const bySegmenter = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment)

const alone = fc.string({ unit: fc.integer({ min: 0, max: 0x2ff }).map((code) => String.fromCharCode(code)) })
const mixed = fc.string({
  unit: fc.constantFrom('a', 'é', 'e\u0301', '\r', '\n', '\u00ad', '👩🏽', '\u200d', '🚀', '한', 'ि', '🇩', '🇪'),
})

it.each([
  ['characters that stand alone', alone],
  ['marks, joiners, flags and lone halves', mixed],
  ['any code units', fc.string({ unit: 'binary' })],
])('splits %s as Unicode does', (_, texts) => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(graphemesOf(text)).toEqual(bySegmenter(text))
    }),
    { numRuns: 1000 },
  )
})
