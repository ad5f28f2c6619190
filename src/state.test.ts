import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RESERVED_PREFIX } from './original.ts'
import { manifestKey } from './state.ts'
import { checkKey, compareKeys } from './storage/storage.ts'

const key = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc
      .array(fc.constantFrom('a', 'b', '!', '.', '/', ' ', '~', 'é', '🦀', '\u0001', '%', '.json'), {
        minLength: 1,
        maxLength: 8,
      })
      .map((parts) => parts.join('')),
  )
  .filter((text) => text.isWellFormed() && !text.includes('\0'))

describe('the key of a manifest', () => {
  it('keeps the order of the originals, is unique, and is never a folder of another', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [first, second] = [manifestKey(a), manifestKey(b)]
        expect(Math.sign(compareKeys(first, second))).toBe(Math.sign(compareKeys(a, b)))
        expect(second.startsWith(`${first}/`)).toBe(false)
        expect(first.startsWith(RESERVED_PREFIX)).toBe(true)
      }),
      { numRuns: 5000 },
    )
  })

  it('is itself a key, however long the original key is', () => {
    for (const long of ['a'.repeat(1024), ' '.repeat(1024), '🦀'.repeat(256)])
      expect(() => checkKey(manifestKey(long))).not.toThrow()
    expect(manifestKey('a'.repeat(1024))).not.toBe(manifestKey(`${'a'.repeat(1023)}b`))
  })

  it('is readable', () => {
    expect(manifestKey('uploads/my photo.jpg')).toBe('.thumbsmith/manifests/uploads/my!20photo.jpg!.json')
  })
})
