// After an outage all processes come back by themselves, one before the other: who is not there yet is not taken for gone.

/** A try to connect takes three seconds where nothing answers, the next comes a second later; and who asks may wait three for the answer. */
const RETURN_MS = 8_000

export interface Outages {
  /** This process is connected again. */
  over(): void
  /** Whether others may still be on their way. */
  isRecent(): boolean
}

export function openOutages(): Outages {
  let until = Number.NEGATIVE_INFINITY
  return {
    over() {
      until = performance.now() + RETURN_MS
    },
    isRecent: () => performance.now() < until,
  }
}
