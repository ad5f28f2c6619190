// After an outage all processes come back by themselves, one before the other: who is not there yet is not taken for gone.

/** They try again every second at most, and connecting takes a moment. */
const RETURN_MS = 3_000

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
