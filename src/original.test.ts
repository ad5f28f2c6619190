import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  focusFromMetadata,
  focusToMetadata,
  idOfKey,
  keyOfId,
  parseTitle,
  titleFromMetadata,
  titleToMetadata,
} from './original.ts'
import { checkMetadata } from './storage/storage.ts'

describe('titles', () => {
  it('travel as metadata and come back exactly', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        fc.pre(text.isWellFormed())
        const title = parseTitle(text)
        const metadata = titleToMetadata(title)
        checkMetadata(metadata)
        expect(titleFromMetadata(metadata)).toBe(title)
        expect(parseTitle(title)).toBe(title)
      }),
    )
  })

  it.each([
    ['  10   Things\n\tNobody ', '10 Things Nobody'],
    ['e\u0301', 'é'],
    ['a\u202eb\u2066c\u0000d\ufeff', 'abcd'],
    ['👩‍👩‍👧 🇫🇷 👍🏽', '👩‍👩‍👧 🇫🇷 👍🏽'],
    ['</text><image href="x"/>', '</text><image href="x"/>'],
  ])('%j is cleaned to %j', (text, title) => {
    expect(parseTitle(text)).toBe(title)
  })

  it.each([['🦀'.repeat(301)], ['a'.repeat(301)], ['é'.repeat(600)], ['a\ud800'], ['a'.repeat(1_000_000)]])(
    'is refused where it cannot be used (%#)',
    (text) => {
      expect(() => parseTitle(text)).toThrow(expect.objectContaining({ code: 'title.invalid' }))
    },
  )

  it('accepts exactly 300 characters', () => {
    expect(parseTitle('a'.repeat(300))).toHaveLength(300)
  })

  it.each([
    [{ text: '=?UTF-8?Q?=C3=84M=C3=84Z_S3?=' }, 'ÄMÄZ S3'],
    [{ text: '=?utf-8?B?w4RN?= =?UTF-8?B?w4Q=?=' }, 'ÄMÄ'],
    [{ text: 'plain' }, 'plain'],
    [{ text: '=?UTF-8?B?***?=' }, '=?UTF-8?B?***?='],
    [{ 'thumbsmith-text': 'PT9VVEYtOD9CP1lXSmo_PQ' }, '=?UTF-8?B?YWJj?='],
    [{ 'thumbsmith-text': '%%%' }, ''],
    [{ text: 'a'.repeat(5000) }, ''],
    [{}, ''],
  ])('in the metadata %j is %j', (metadata, title) => {
    expect(titleFromMetadata(metadata as Record<string, string>)).toBe(title)
  })
})

describe('ids', () => {
  it('name any key and come back to it; anything else is no id', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }).filter((key) => key.isWellFormed()),
        (key) => {
          expect(keyOfId(idOfKey(key))).toBe(key)
        },
      ),
    )
    fc.assert(
      fc.property(fc.string(), (id) => {
        const key = keyOfId(id)
        if (key !== undefined) expect(idOfKey(key)).toBe(id)
      }),
    )
    expect(keyOfId(idOfKey('\ufeffa'))).toBe('\ufeffa')
    for (const id of ['', 'a', '/w', 'YQ==', '_w']) expect(keyOfId(id)).toBeUndefined()
  })
})

describe('a focus', () => {
  it('travels as metadata and comes back to a ten-thousandth', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, share, (x, y) => {
        const metadata = focusToMetadata({ x, y })
        checkMetadata(metadata)
        const back = focusFromMetadata(metadata)!
        expect(Math.max(Math.abs(back.x - x), Math.abs(back.y - y))).toBeLessThanOrEqual(0.00005 + 1e-12)
      }),
    )
    expect(focusFromMetadata(focusToMetadata(undefined))).toBeUndefined()
  })

  it.each(['', ',', '1', '1.5,0', '-0.1,0', '0.5,', '0x1,0', '1e-3,0', 'NaN,0', '0,0,0'])(
    'that is none: %s',
    (text) => {
      expect(focusFromMetadata({ 'thumbsmith-focus': text })).toBeUndefined()
    },
  )
})
