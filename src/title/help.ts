// What helps letters to be read, and how little of it is enough: colours, and the strength of what stands behind them, solved per pixel. Pure.
import type { TitleStyle } from '../preset.ts'
import type { Picture } from './analysis.ts'
import { contrast, fromOklch, luminance, oklab, parseHex, type Rgb } from './colour.ts'
import type { Swatch } from './palette.ts'
import { type Ring, worstOf } from './ring.ts'

export interface Help {
  kind: 'none' | 'glow' | 'outline' | 'banner'
  /** Of the letters, and of what stands behind them. */
  fill: Rgb
  back: Rgb
  /** How much of the picture the glow or the banner covers at most, 0 to 1. */
  strength: number
  /** The same for each letter's surroundings (see ring.ts): no more than it needs. */
  strengths: Float32Array
  /** The contrast that the colours were chosen for: dark letters need more than light ones. */
  target: number
}

/** How hard to try: more than 1 leaves room for what the codec loses. */
export interface Effort {
  headroom: number
  /** Take the outline, whatever the style. */
  outline?: boolean
}

/** From what is enough on the raw pixels to what survives any codec. */
export const EFFORTS: Effort[] = [
  { headroom: 1.08 },
  { headroom: 1.25 },
  { headroom: 1.5 },
  { headroom: 1.5, outline: true },
  { headroom: 2, outline: true },
]

/** WCAG 2 overrates dark letters on middle tones: 8 : 1 there reads like 4.5 : 1 for light letters. */
const DARK_FACTOR = 8 / 4.5
/** A glow stronger than this is uglier than an outline. */
const STRONGEST_GLOW = 0.72
/** A banner is no weaker than this: else it looks like a fault. */
const WEAKEST_BANNER = 0.78
/** An outline stands in a little glow. */
const OUTLINE_GLOW = 0.35
/** Strength is solved in these steps; one more means that no strength is enough. */
const STEPS = 64
const NEVER = STEPS + 1
const SAMPLES = 2_000
/** Of each letter's ring, so much may stay below the target: fewer than the measurement allows, for the codec takes some. */
const LOST_SHARE = 0.04

interface Candidate {
  fill: Rgb
  back: Rgb
  /** What speaks against it besides the help that it needs. */
  handicap: number
}

/** The colours that need least help, and the least help. Every picture counts (frames, or what may shine through transparency). */
export function chooseHelp(
  pictures: Picture[],
  ring: Ring,
  palette: Swatch[],
  style: TitleStyle,
  effort: Effort,
): Help | undefined {
  const every = Math.max(1, Math.floor(ring.pixels.length / SAMPLES))
  const sampled = Int32Array.from(
    { length: Math.ceil(ring.pixels.length / every) },
    (_, at) => ring.pixels[at * every]!,
  )
  let best: { candidate: Candidate; limit: Limit; score: number } | undefined
  for (const candidate of candidates(palette, tintOf(pictures[0]!, sampled), style)) {
    const limit = limitOf(candidate, style.minContrast, effort.headroom)
    if (!limit) continue
    const needs = needsOf(pictures, sampled, candidate.back, limit)
    needs.sort()
    const score = needs[Math.floor(needs.length * 0.95)]! / STEPS + candidate.handicap
    if (!best || score < best.score) best = { candidate, limit, score }
  }
  if (!best) return undefined
  const { candidate, limit } = best
  const needs = needsOf(pictures, ring.pixels, candidate.back, limit)
  const each = Float32Array.from(worstOf(ring, needs, LOST_SHARE).letters, (steps) => steps / STEPS)
  const kind = kindOf(Math.max(...each), style, effort)
  const strengths = each.map((need) => {
    if (kind === 'banner') return Math.max(WEAKEST_BANNER, ...each)
    return kind === 'outline' ? Math.min(need, OUTLINE_GLOW) : need
  })
  return {
    kind,
    fill: candidate.fill,
    back: candidate.back,
    target: limit.target,
    strength: Math.max(...strengths),
    strengths,
  }
}

function kindOf(need: number, style: TitleStyle, effort: Effort): Help['kind'] {
  if (style.style === 'banner' && need <= 1) return 'banner'
  if (style.style === 'outline' || effort.outline || need > STRONGEST_GLOW) return 'outline'
  return need === 0 ? 'none' : 'glow'
}

interface Tint {
  chroma: number
  hue: number
}

/** The mean colour of what is around the letters. */
function tintOf({ data, channels }: Picture, pixels: Int32Array): Tint {
  let sumA = 0
  let sumB = 0
  for (let index = 0; index < pixels.length; index++) {
    const at = channels * pixels[index]!
    const { a, b } = oklab(data[at]!, data[at + 1]!, data[at + 2]!)
    sumA += a
    sumB += b
  }
  return { chroma: Math.hypot(sumA, sumB) / Math.max(1, pixels.length), hue: Math.atan2(sumB, sumA) }
}

/**
 * In OKLCH: letters hardly coloured near white and near black, coloured for accents; what stands behind them is a darker or lighter
 * shade of what is there already, as a shadow would be.
 */
function candidates(palette: Swatch[], around: Tint, style: TitleStyle): Candidate[] {
  const weight = ({ chroma, share }: Swatch) => chroma * Math.sqrt(share)
  const accent = palette.reduce((best, swatch) => (weight(swatch) > weight(best) ? swatch : best))
  const { chroma, hue } = accent
  const night = fromOklch(0.15, Math.min(0.8 * around.chroma, 0.08), around.hue)
  const day = fromOklch(0.98, Math.min(0.5 * around.chroma, 0.04), around.hue)
  if (style.colors.length > 0)
    return style.colors.flatMap((text, index) => {
      const fill = parseHex(text)
      return [night, day].map((back) => ({ fill, back, handicap: 0.1 * index }))
    })
  const vivid = style.style === 'vivid'
  const light = (fill: Rgb, handicap: number) => ({ fill, back: night, handicap })
  return [
    light([255, 255, 255], 0),
    light(fromOklch(0.965, Math.min(chroma, 0.045), hue), -0.02),
    ...(chroma > 0.06 ? [light(fromOklch(0.92, 0.14, hue + Math.PI), vivid ? -0.22 : 0.12)] : []),
    light(fromOklch(0.9, 0.17, 1.75), vivid ? -0.2 : 0.16),
    { fill: fromOklch(0.14, Math.min(chroma, 0.045), hue), back: day, handicap: 0.12 },
  ]
}

/** Contrast only grows as the ground moves away from the letters, so a target is one luminance that the ground may not pass. */
interface Limit {
  light: boolean
  luminance: number
  target: number
}

/** `undefined` where these two colours themselves do not reach the target. */
function limitOf({ fill, back }: Candidate, minContrast: number, headroom: number): Limit | undefined {
  const [own, behind] = [luminance(...fill), luminance(...back)]
  const light = own > behind
  const target = light ? minContrast : minContrast * DARK_FACTOR
  if (contrast(own, behind) < target) return undefined
  const goal = Math.min(target * headroom, contrast(own, behind))
  return { light, target, luminance: light ? (own + 0.05) / goal - 0.05 : goal * (own + 0.05) - 0.05 }
}

/** For each of these pixels the fewest steps of `back` over it that keep the limit. */
function needsOf(pictures: Picture[], pixels: Int32Array, back: Rgb, limit: Limit): Uint8Array {
  const needs = new Uint8Array(pixels.length)
  known.fill(0)
  for (const { data, channels } of pictures)
    for (let index = 0; index < pixels.length; index++) {
      const at = channels * pixels[index]!
      const key = keyOf(data[at]!, data[at + 1]!, data[at + 2]!)
      let need = known[key]!
      if (need === 0) {
        need = 1 + solve(key, back, limit)
        known[key] = need
      }
      if (need - 1 > needs[index]!) needs[index] = need - 1
    }
  return needs
}

/** Colours are told apart by so many bits a channel, and taken as the worst of their kind: at most 3 of 255 off. */
const KEY_BITS = 6
/** One more than the need of each colour; 0 where it was not met yet. Kept from call to call, as the garbage would cost more. */
const known = new Uint8Array(1 << (3 * KEY_BITS))
const keyOf = (red: number, green: number, blue: number) => ((red >> 2) << 12) | ((green >> 2) << 6) | (blue >> 2)

function solve(key: number, [red, green, blue]: Rgb, { light, luminance: bound }: Limit): number {
  const worst = light ? 3 : 0
  const r = ((key >> 12) << 2) + worst
  const g = (((key >> 6) & 63) << 2) + worst
  const b = ((key & 63) << 2) + worst
  const keeps = (step: number) => {
    const share = step / STEPS
    const blended = luminance(
      Math.round(r + (red - r) * share),
      Math.round(g + (green - g) * share),
      Math.round(b + (blue - b) * share),
    )
    return light ? blended <= bound : blended >= bound
  }
  if (keeps(0)) return 0
  if (!keeps(STEPS)) return NEVER
  let fails = 0
  let holds = STEPS
  while (holds - fails > 1) {
    const middle = (fails + holds) >> 1
    if (keeps(middle)) holds = middle
    else fails = middle
  }
  return holds
}
