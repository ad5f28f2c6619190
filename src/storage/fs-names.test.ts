import { join, sep } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyOfNames, namesOfKey, RESERVED_FOLDER } from './fs-names.ts'

const bytes = (text: string) => Buffer.byteLength(text)

/** Key material that meets every special case, and the special cases of special cases. */
const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '%',
    '%+',
    '%-',
    '%2F',
    '%25',
    '%00',
    '%7C',
    '%2E',
    '.',
    '..',
    ' ',
    ':',
    '|',
    '\x01',
    '\x7f',
    '~1',
    'THUMBS',
    'é',
    'e\u0301',
  ),
  fc.constantFrom(
    'con',
    'CON',
    'nul.',
    'com1.jpg',
    'lpt¹',
    'a',
    'x'.repeat(239),
    'é'.repeat(121),
    RESERVED_FOLDER,
    '.Thumb\u017fmith-store',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const segment = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('').replace(/[\0/]/g, ''))
const key = fc
  .array(segment, { minLength: 1, maxLength: 6 })
  .map((segments) => segments.join('/'))
  .filter((text) => text !== '' && text.isWellFormed() && bytes(text) <= 1024)

test('every key has one path below the root, made of names every file system takes, and the path leads back to the key', () => {
  fc.assert(
    fc.property(key, (key) => {
      const names = namesOfKey(key)
      expect(keyOfNames(names)).toBe(key)
      expect(join('/root', ...names).startsWith(`/root${sep}`)).toBe(true)
      for (const name of names) {
        expect(bytes(name)).toBeLessThanOrEqual(255)
        expect(name).not.toMatch(/^$|^\.{1,2}$|[\p{Cc}/\\:*?"<>|]|[. ]$/u)
        expect(name).not.toMatch(/^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i)
        expect(name.toLowerCase()).not.toBe(RESERVED_FOLDER)
      }
    }),
    { numRuns: 5000 },
  )
})

test('a path is the path of one key at most, and only of the key it reads as', () => {
  const name = fc
    .oneof(
      segment,
      segment.map((text) => namesOfKey(text || 'x')[0]!),
    )
    .filter((text) => text !== '')
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
      const key = keyOfNames(names)
      if (key !== undefined) expect(namesOfKey(key)).toEqual(names)
    }),
    { numRuns: 5000 },
  )
})

test('safe names stay as they are', () => {
  for (const key of [
    'photo%20final.jpg',
    '100%.jpg',
    '100%25.jpg',
    '.hidden',
    '🦀.png',
    'a b+c,ü.jpg',
    '%2F',
    '%00',
    'console',
    'a/b/c',
    '%2e',
  ])
    expect(namesOfKey(key).join('/')).toBe(key)
  expect(namesOfKey('x'.repeat(255))).toEqual(['x'.repeat(255)])
})

test('what is not safe is escaped, and so is what looks escaped', () => {
  const cases: [string, string][] = [
    ['a:b', 'a%3Ab'],
    ['a%3Ab', 'a%253Ab'],
    ['100%?', '100%25%3F'],
    ['../x', '.%2E/x'],
    ['./x', '%2E/x'],
    ['a/', 'a/%-'],
    ['/a', '%-/a'],
    ['a//b', 'a/%-/b'],
    ['%-', '%25-'],
    ['CON.jpg', '%43ON.jpg'],
    ['%43ON.jpg', '%2543ON.jpg'],
    ['\x01\x85', '%01%85'],
    ['dot.', 'dot%2E'],
    ['space ', 'space%20'],
    ['x/.thumbsmith-store/lock', 'x/.thumbsmith%2Dstore/lock'],
    ['THUMBS~1', '%54HUMBS~1'],
    ['x'.repeat(256), `${'x'.repeat(240)}%+/%+${'x'.repeat(16)}`],
  ]
  for (const [key, path] of cases) expect(namesOfKey(key).join('/')).toBe(path)
})

test('names that no key is written as have none', () => {
  for (const path of [
    'CON.jpg',
    'a:b',
    'dot.',
    'x%+',
    '%+x',
    'x%+/%+y',
    '.thumbsmith-store/lock',
    '%252D:',
    '.THUMBSMITH-STORE',
  ])
    expect(keyOfNames(path.split('/')), path).toBeUndefined()
})

test('the longest key fits a path', () => {
  expect(namesOfKey('/'.repeat(1024)).join('/').length).toBeLessThan(3200)
  expect(namesOfKey('?'.repeat(1024)).join('/').length).toBeLessThan(3200)
})
