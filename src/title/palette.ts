// The colours that a picture is made of. Pure.

export interface Swatch {
  lightness: number
  chroma: number
  /** Radians. */
  hue: number
  /** Of the picture, 0 to 1. */
  share: number
}

const PALETTE_SIZE = 16
/** A few thousand cells tell the colours of a picture; the step shares no factor with the usual widths. */
const PALETTE_EVERY = 3

/** The fullest bins of a histogram over OKLab, most frequent first. */
export function paletteOf(lightness: Float32Array, a: Float32Array, b: Float32Array): Swatch[] {
  const bins = new Map<number, { lightness: number; a: number; b: number; count: number }>()
  for (let cell = 0; cell < lightness.length; cell += PALETTE_EVERY) {
    const green = Math.round((a[cell]! + 0.4) * 25)
    const blue = Math.round((b[cell]! + 0.4) * 25)
    const key = (Math.round(lightness[cell]! * 8) << 10) | (green << 5) | blue
    let bin = bins.get(key)
    if (!bin) {
      bin = { lightness: 0, a: 0, b: 0, count: 0 }
      bins.set(key, bin)
    }
    bin.lightness += lightness[cell]!
    bin.a += a[cell]!
    bin.b += b[cell]!
    bin.count += 1
  }
  const fullest = [...bins.values()].sort((one, other) => other.count - one.count).slice(0, PALETTE_SIZE)
  return fullest.map(({ lightness: sum, a: sumA, b: sumB, count }) => ({
    lightness: sum / count,
    chroma: Math.hypot(sumA, sumB) / count,
    hue: Math.atan2(sumB, sumA),
    share: (count * PALETTE_EVERY) / lightness.length,
  }))
}
