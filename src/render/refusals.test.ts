// Why a picture may be refused: a closed list of codes, each with a sentence that a person understands.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ERRORS, type ErrorCode } from '../errors.ts'
import { REFUSALS } from './sniff.ts'

const REASONS = [
  'image.empty',
  'image.not_an_image',
  'image.unsupported_format',
  'image.too_many_bytes',
  'image.too_many_pixels',
  'image.needs_too_much_memory',
  'image.too_many_frames',
  'image.damaged',
  'image.cannot_be_rendered',
  'decoder.died',
  'decoder.too_slow',
  'decoder.too_much_memory',
] as const satisfies ErrorCode[]
/** What is no fault of the picture: its title, its preset, or ours. */
const OTHERS: ErrorCode[] = ['title.invalid', 'title.does_not_fit', 'title.not_readable', 'config.invalid', 'internal']

const SENTENCE = /^[A-Z][^\n]{10,}\.$/

test('there are twelve, and no others', () => {
  expect(Object.keys(ERRORS).filter((code) => /^(image|decoder)\./.test(code))).toEqual([...REASONS])
  expect(REASONS.length).toBeLessThanOrEqual(12)
})

test('each is a sentence without the words of a library', () => {
  const sentences = [...REASONS.map((code) => ERRORS[code].message), ...Object.values(REFUSALS)]
  for (const sentence of sentences) {
    expect(sentence).toMatch(SENTENCE)
    expect(sentence).not.toMatch(/vips|buffer|codec|libheif|sharp|undefined/i)
  }
})

test('the engine throws nothing else', () => {
  const folder = import.meta.dirname
  const thrown = readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(/'((?:image|decoder|title|config)\.\w+|internal)'/g),
    ])
    .map(([, code]) => code as ErrorCode)
  expect([...new Set(thrown)].filter((code) => ![...REASONS, ...OTHERS].includes(code))).toEqual([])
  expect(REASONS.filter((code) => !thrown.includes(code))).toEqual([])
})
