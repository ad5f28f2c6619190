// The plan of one render: how large the one decode must be, where each rendition lies, and the memory all that takes. Pure.
import type { Focus } from '../original.ts'
import { outputFormatOf, type Preset } from '../preset.ts'
import { MOVING_FORMATS, type OutputFormat } from '../preset-words.ts'
import { FIRST_SCAN_SHRINK } from './first-scan.ts'
import { type Layout, layOut, type Size } from './geometry.ts'
import { estimateMemory, type Lane } from './memory.ts'
import type { Probe } from './probe.ts'

export interface RenditionPlan {
  name: string
  preset: Preset
  format: OutputFormat
  layout: Layout
  /** Where to crop is known only once the picture is seen; `layout` then crops the middle. */
  seeksSubject: boolean
  /** Keep every frame, not the first one only. */
  animated: boolean
  /** Keep the colours of the original and its profile. */
  keepsProfile: boolean
}

export interface RenderPlan {
  lane: Lane
  /** The size of the one decode: the smallest from which no rendition has to be scaled up. */
  decode: Size
  /** Frames to decode. */
  frames: number
  renditions: RenditionPlan[]
  /** Peak of the process, in bytes, as measured for this kind of file. */
  estimatedMemory: number
}

/** A ThumbHash keeps at most seven waves a side, which 40 pixels hold; the 100 that the format allows cost 3 ms more. */
export const THUMBHASH_SIDE = 40

/** Decides everything that can be decided from the header. */
export function planRender(original: Probe, presets: Record<string, Preset>, focus?: Focus): RenderPlan {
  const renditions = Object.entries(presets).map(([name, preset]) => planRendition(name, original, preset, focus))
  const decode = decodeSize(original, renditions)
  const frames = renditions.some(({ animated }) => animated) ? original.frames : 1
  const lane = laneFor(original, decode)
  const canvases = renditions.map(({ layout, animated }) => area(layout.canvas) * (animated ? frames : 1))
  const kept = renditions.some(({ keepsProfile }) => keepsProfile) ? area(decode) : 0
  const estimatedMemory = estimateMemory(original, lane, area(decode) * frames + kept, Math.max(0, ...canvases))
  return { lane, decode, frames, renditions, estimatedMemory }
}

function planRendition(name: string, original: Probe, preset: Preset, focus: Focus | undefined): RenditionPlan {
  const format = outputFormatOf(preset, original)
  const animated = preset.animation && original.frames > 1 && MOVING_FORMATS.includes(format)
  return {
    name,
    preset,
    format,
    layout: layOut(original, preset, focus),
    seeksSubject: preset.fit === 'cover' && preset.position === 'attention' && focus === undefined,
    animated,
    keepsProfile: preset.profile === 'keep' && original.rgbProfile && format !== 'gif' && !animated,
  }
}

/** The first scan holds one pixel for each block: it serves where nothing larger is asked for. */
function laneFor(original: Probe, decode: Size): Lane {
  const serves =
    original.width >= FIRST_SCAN_SHRINK * decode.width && original.height >= FIRST_SCAN_SHRINK * decode.height
  return original.hasFirstScan && serves ? 'first scan' : 'whole'
}

function decodeSize(original: Size, renditions: RenditionPlan[]): Size {
  // Even where no rendition is asked for: the ThumbHash is made from it.
  let factor = THUMBHASH_SIDE / Math.max(original.width, original.height)
  for (const { layout } of renditions)
    factor = Math.max(factor, layout.scaled.width / original.width, layout.scaled.height / original.height)
  factor = Math.min(factor, 1)
  return {
    width: Math.max(1, Math.round(original.width * factor)),
    height: Math.max(1, Math.round(original.height * factor)),
  }
}

const area = (size: Size) => size.width * size.height
