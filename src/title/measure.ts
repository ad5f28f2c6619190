// How well a title can be read: contrast of the letters with the ring around them, measured on pixels as they ship. Pure.
import type { Picture } from './analysis.ts'
import { contrast, LINEAR, luminance, type Rgb } from './colour.ts'
import { type Ring, worstOf } from './ring.ts'

export interface Readability {
  /** WCAG 2 contrast that all but the worst 5 % of the ring's pixels have. */
  p5: number
  /** The same of the worst single letter, without the worst 10 % of its own pixels. */
  worst: number
}

/** The same of a whole title, and how it is seen on a page. */
export interface SeenReadability extends Readability {
  /** Contrast when shown 320 pixels wide; `undefined` where the letters are too small for that anyhow. */
  small: number | undefined
}

/** A browser's way to scale may lose a little more than ours. */
const SMALL_HEADROOM = 1.08

export const reaches = ({ p5, worst }: Readability, target: number) => Math.min(p5, worst) >= target
export const isReadableSmall = ({ small }: SeenReadability, target: number) =>
  small === undefined || small >= SMALL_HEADROOM * target

/**
 * Measures against the letters' colour as it arrived: the median luminance inside them. The smallest of several pictures counts.
 * `colours` are those that were drawn: they say whether the letters are meant to be the lighter ones.
 */
export function measure(pictures: Picture[], ring: Ring, colours: { fill: Rgb; back: Rgb }): Readability {
  const found = pictures.map((picture) => measureOne(picture, ring, colours))
  return { p5: Math.min(...found.map(({ p5 }) => p5)), worst: Math.min(...found.map(({ worst }) => worst)) }
}

function measureOne(picture: Picture, ring: Ring, { fill, back }: { fill: Rgb; back: Rgb }) {
  // What nothing was measured on was not shown to be readable.
  if (ring.pixels.length === 0) return { p5: 1, worst: 1 }
  const { data } = picture
  const light = luminance(...fill) > luminance(...back)
  const own = inkLuminance(picture, ring) ?? luminance(...fill)
  const table = Uint8Array.from({ length: STEPS + 1 }, (_, step) => {
    const around = step / STEPS
    return light === own > around ? binOf(contrast(own, around)) : BINS - 1
  })
  const values = new Uint8Array(ring.pixels.length)
  for (let index = 0; index < values.length; index++) {
    const at = picture.channels * ring.pixels[index]!
    const around = 0.2126 * LINEAR[data[at]!]! + 0.7152 * LINEAR[data[at + 1]!]! + 0.0722 * LINEAR[data[at + 2]!]!
    values[index] = table[light ? Math.ceil(STEPS * around) : Math.floor(STEPS * around)]!
  }
  const { all, letters: each } = worstOf(ring, values, 0.1)
  return { p5: ratioOf(all), worst: ratioOf(Math.max(...each)) }
}

/** Luminances are told apart in steps of 1 / 4096, contrasts in steps of 1.2 %; both are rounded against us. */
const STEPS = 4096
const BINS = 256
const MOST = 21
const binOf = (ratio: number) => Math.ceil((1 - Math.log(ratio) / Math.log(MOST)) * (BINS - 1) - 1e-6)
const ratioOf = (bin: number) => MOST ** (1 - bin / (BINS - 1))

/** `undefined` where letters are too thin to have an inside, or are all emoji. */
function inkLuminance(picture: Picture, ring: Ring): number | undefined {
  const inside = new Float64Array(ring.inside.length)
  for (let index = 0; index < inside.length; index++) {
    const at = picture.channels * ring.inside[index]!
    inside[index] = luminance(picture.data[at]!, picture.data[at + 1]!, picture.data[at + 2]!)
  }
  return inside.sort()[inside.length >> 1]
}
