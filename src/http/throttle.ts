// How fast one owner may ask for tickets: a token bucket each.

export interface RateLimit {
  /** Takes `count` at once: 0 if that is allowed, else (and nothing is taken) the seconds to wait. */
  take(who: string, count: number): number
}

const OWNERS_MAX = 10_000

/** Buckets that hold `burst` at most and refill by `perSecond`. They live in this process: several processes allow as many times more. */
export function tokenBuckets(options: { perSecond: number; burst: number; now?: () => number }): RateLimit {
  const { perSecond, burst, now = Date.now } = options
  const buckets = new Map<string, { tokens: number; at: number }>()
  const refilled = (who: string): number => {
    const bucket = buckets.get(who)
    return bucket ? Math.min(burst, bucket.tokens + ((now() - bucket.at) / 1000) * perSecond) : burst
  }
  return {
    take(who, count) {
      const tokens = refilled(who)
      // More than a bucket holds is let through by a full one, or it never would be; it then owes the rest.
      const missing = Math.min(count, burst) - tokens
      if (missing > 0) return Math.ceil(missing / perSecond)
      // Last used goes last, so that the first ones are the longest idle.
      buckets.delete(who)
      buckets.set(who, { tokens: tokens - count, at: now() })
      if (buckets.size > OWNERS_MAX) buckets.delete(buckets.keys().next().value!)
      return 0
    },
  }
}
