// How often a page without live updates asks.
import { describe, expect, it } from 'vitest'
import { pollAfterMs } from './feed.ts'

describe('pollAfterMs', () => {
  it('asks sooner while something moves', () => {
    expect(pollAfterMs(true, 0)).toBeLessThan(pollAfterMs(false, 0))
  })

  it('asks less and less often while the server is away, but never gives up', () => {
    const waits = [1, 2, 3, 4, 5, 6, 20].map((failures) => pollAfterMs(true, failures))
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  })
})
