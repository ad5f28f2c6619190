// Token buckets, by a clock of their own.
import { expect, it } from 'vitest'
import { tokenBuckets } from './throttle.ts'

it('lets a burst through, then one as each token comes', () => {
  let now = 0
  const limit = tokenBuckets({ perSecond: 2, burst: 4, now: () => now })
  expect(limit.take('a', 4)).toBe(0)
  expect(limit.take('a', 1)).toBe(1)
  expect(limit.take('b', 1)).toBe(0)
  now = 500
  expect(limit.take('a', 1)).toBe(0)
  expect(limit.take('a', 1)).toBe(1)
  now = 60_000
  expect(limit.take('a', 4)).toBe(0)
  expect(limit.take('a', 4)).toBe(2)
})

it('lets more than a burst through at once only when full, and has it paid off afterwards', () => {
  let now = 0
  const limit = tokenBuckets({ perSecond: 1, burst: 10, now: () => now })
  expect(limit.take('a', 30)).toBe(0)
  expect(limit.take('a', 1)).toBe(21)
  now = 21_000
  expect(limit.take('a', 1)).toBe(0)
})
