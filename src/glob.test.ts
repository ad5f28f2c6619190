import fc from 'fast-check'
import picomatch from 'picomatch'
import { describe, expect, it } from 'vitest'
import { commonString, languageOf, literalFolder, matches, parseGlob } from './glob.ts'

const language = (glob: string) => languageOf(parseGlob(glob))

/** Globs and keys over a small alphabet, so that they meet often; without dots and a last `/**`, where picomatch follows the shell. */
const word = fc.stringMatching(/^[abc]{0,3}$/)
const atom = fc.oneof(word, fc.constantFrom('*', '?', '{a,bc}', '{a/b,c}', '\\*'))
const segment = fc.oneof(
  { weight: 3, arbitrary: fc.array(atom, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.constant('**') },
)
const glob = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join('/'))
  .filter((text) => !/^\/|\*\*\*|[^/]\*\*|\*\*[^/]|\/\*\*$/.test(text) && text !== '')
const key = fc
  .array(fc.stringMatching(/^[abc*]{1,3}$/), { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/'))

describe('globs', () => {
  it.each([
    ['uploads/**', 'uploads/a/b.jpg', true],
    ['uploads/**', 'uploads', false],
    ['**/org.{jpg,jpeg,png}', 'org.jpg', true],
    ['**/org.{jpg,jpeg,png}', 'a/b/org.png', true],
    ['**/org.{jpg,jpeg,png}', 'a/b/org.gif', false],
    ['**/org.{jpg,jpeg,png}', 'a/b/myorg.png', false],
    ['a/*.jpg', 'a/b/c.jpg', false],
    ['a?c', 'a/c', false],
    ['\\*.jpg', '*.jpg', true],
    ['\\*.jpg', 'a.jpg', false],
    ['{a,b{c,d}}', 'bd', true],
    ['*', '', true],
    ['a**z', 'a/b/z', true],
    ['*', '日本 🦀.jpg', true],
    ['?', '🦀', true],
  ])('%s against %j is %s', (pattern, text, expected) => {
    expect(matches(language(pattern), text)).toBe(expected)
  })

  it('agree with picomatch', () => {
    fc.assert(
      fc.property(glob, key, (pattern, text) => {
        expect(matches(language(pattern), text)).toBe(
          picomatch.isMatch(text, pattern, { dot: true, bash: false, nonegate: true, noextglob: true }),
        )
      }),
      { numRuns: 3000 },
    )
  })

  it.each(['a{b', 'a{b,c', 'a}', 'a\\'])('%s is refused with a reason', (pattern) => {
    expect(() => parseGlob(pattern)).toThrow(SyntaxError)
  })

  it('know the folder that all their matches lie in', () => {
    expect(literalFolder(parseGlob('a/b*/c'))).toBe('a/')
    expect(literalFolder(parseGlob('**/c'))).toBe('')
  })
})

describe('a common string', () => {
  it('is found exactly where one exists', () => {
    expect(commonString([language('a/**'), language('**/b.jpg')])).toEqual({ example: 'a/b.jpg' })
    expect(commonString([language('a/*'), language('b/*')])).toBeUndefined()
    expect(commonString([language('thumbs/**'), language('**')], [language('thumbs/**')])).toBeUndefined()
    expect(commonString([language('**/w720.*'), language('**/org.{jpg,png}')])).toBeUndefined()
  })

  it('is in both languages and in none of the excepted; and where none is found, no key is in both', () => {
    fc.assert(
      fc.property(glob, glob, glob, key, (a, b, except, text) => {
        const [first, second, third] = [language(a), language(b), language(except)]
        const common = commonString([first, second], [third])
        if (common === undefined)
          expect(matches(first, text) && matches(second, text) && !matches(third, text)).toBe(false)
        else if (common !== 'undecided') {
          expect(matches(first, common.example)).toBe(true)
          expect(matches(second, common.example)).toBe(true)
          expect(matches(third, common.example)).toBe(false)
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('is left undecided rather than searched for ever', () => {
    const hard = languageOf(['anything', { literal: 'a' }, ...Array.from({ length: 24 }, () => 'char' as const)])
    const other = languageOf(['anything', { literal: 'b' }, ...Array.from({ length: 25 }, () => 'char' as const)])
    expect(commonString([hard, other, languageOf([{ literal: '/' }, 'anything', { literal: '/' }])])).toBe('undecided')
  })
})
