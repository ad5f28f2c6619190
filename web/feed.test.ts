// How often a page without live updates asks.
import { describe, expect, it } from 'vitest'
import { pollAfterMs } from './feed.ts'

const calm = { moving: false, unchanged: 0, failures: 0 }

describe('pollAfterMs', () => {
  it('asks sooner while something moves, and less and less often while nothing changes', () => {
    const waits = (moving: boolean) =>
      [0, 1, 2, 5, 10, 100].map((unchanged) => pollAfterMs({ ...calm, moving, unchanged }, 0))
    expect(waits(true)).toEqual([1_000, 1_500, 2_250, 7_593.75, 8_000, 8_000])
    expect(waits(false)).toEqual([5_000, 7_500, 11_250, 37_968.75, 60_000, 60_000])
  })

  it('asks less and less often while the server is away, but never gives up', () => {
    const waits = [1, 2, 3, 4, 5, 6, 20].map((failures) => pollAfterMs({ ...calm, moving: true, failures }, 0))
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  })

  it('waits as long as the server says, and does not come back at the same moment as everybody', () => {
    expect(pollAfterMs({ ...calm, failures: 1, retryAfterSeconds: 90 }, 0)).toBe(90_000)
    expect(pollAfterMs({ ...calm, failures: 1, retryAfterSeconds: 90 }, 1)).toBe(108_000)
    expect(pollAfterMs(calm, 0.5)).toBe(5_500)
  })
})
