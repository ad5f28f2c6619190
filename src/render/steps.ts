// The render engine: one original and its presets in, the renditions out, as a list of steps with one decode for all.
import { ThumbsmithError, toThumbsmithError } from '../errors.ts'
import { type Preset, titleStyleOf } from '../preset.ts'
import { colourBehind, pad } from './background.ts'
import { type Copies, openCopies } from './copies.ts'
import { type Decoded, decode } from './decode.ts'
import { encode } from './encode.ts'
import { cutFor, focusOn, type Layout, layOut } from './geometry.ts'
import { admit, admitBytes, DEFAULT_LIMITS, type Limits } from './limits.ts'
import { planRender, type RenderPlan, type RenditionPlan, THUMBHASH_SIDE } from './plan.ts'
import { type Probe, probe } from './probe.ts'
import { cutRaw, type Raw } from './raw.ts'
import type { Rendered, RenderFailure, RenderOutcome, RenderRequest } from './renderer.ts'
import { findSubject } from './subject.ts'
import { thumbhashOf } from './thumbhash.ts'
import { encodeTitled, prepareTitles } from './title.ts'
import { layWatermark } from './watermark.ts'

export interface RenderOptions {
  limits?: Partial<Limits>
  /** Read TIFF too (default: no). */
  tiff?: boolean
}

/**
 * Renders one original with presets that are whole already. Throws a ThumbsmithError with an `image.*` code where the original cannot be used; a
 * preset that fails is a value.
 */
export async function renderOriginal<Name extends string>(
  request: RenderRequest & { presets: Record<Name, Preset> },
  options: RenderOptions = {},
): Promise<RenderOutcome<Name>> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  admitBytes(request.bytes.byteLength, limits)
  const original = await probe(request.bytes, options)
  const { plan, decoded } = await open(request, original, limits)
  const copies = openCopies(decoded.srgb)
  const kept = decoded.kept && { copies: openCopies([decoded.kept.raw]), profile: decoded.kept.profile }
  const results = new Map<string, RenderOutcome['renditions'][string]>()
  for (const rendition of largestFirst(plan.renditions))
    results.set(
      rendition.name,
      await renderOne(rendition, (rendition.keepsProfile && kept) || { copies }, original, request).then(
        (rendered) => ({ rendered }),
        (error: unknown) => ({ failure: failureOf(error) }),
      ),
    )
  const thumbhash = thumbhashOf(copies.smallest(THUMBHASH_SIDE))
  copies.close()
  kept?.copies.close()
  const renditions = Object.fromEntries(
    Object.keys(request.presets).map((name) => [name, results.get(name)!]),
  ) as Record<Name, RenderOutcome['renditions'][string]>
  return { facts: factsOf(original, thumbhash), renditions }
}

/** Plans and decodes; once more without its first scan, where that is not what its header promised. */
async function open(
  request: RenderRequest,
  original: Probe,
  limits: Limits,
): Promise<{ plan: RenderPlan; decoded: Decoded }> {
  const plan = planRender(original, request.presets, request.focus)
  admit(original, plan, limits)
  if (request.title && Object.values(request.presets).some(titleStyleOf)) prepareTitles()
  const decoded = await decode(request.bytes, original, plan)
  return decoded ? { plan, decoded } : open(request, { ...original, hasFirstScan: false }, limits)
}

/** One rendition from the decoded frames: crop, pad, watermark, title, encode. */
async function renderOne(
  plan: RenditionPlan,
  { copies, profile }: { copies: Copies; profile?: Uint8Array },
  original: Probe,
  { title = '', focus }: Pick<RenderRequest, 'title' | 'focus'>,
): Promise<Rendered> {
  const { preset, format } = plan
  const whole = copies.closest(plan.layout.scaled, plan.animated ? original.frames : 1)
  const layout = plan.seeksSubject
    ? layOut(original, preset, await findSubject(whole[0]!, plan.layout.canvas))
    : plan.layout
  const cuts: Raw[] = []
  for (const frame of whole) cuts.push(await cutRaw(frame, cutFor(frame, layout)))
  if (isWhole(layout)) copies.add(cuts)
  const padded: Raw[] = []
  for (const [index, cut] of cuts.entries()) padded.push(await pad(cut, layout, preset.background, whole[index]!))
  const { frames, area } = preset.watermark ? await layWatermark(padded, preset.watermark) : { frames: padded }
  copies.own([...cuts, ...padded, ...frames])
  const behind = colourBehind(preset.background)
  const { delays, loop } = original
  const options = {
    quality: preset.quality,
    maxBytes: preset.maxBytes,
    copyright: original.copyright,
    behind,
    profile,
    ...(plan.animated && { delays, loop }),
  }
  const style = titleStyleOf(preset)
  const titling = {
    style: style && area ? { ...style, avoid: [...style.avoid, area] } : style,
    title,
    focus: focusOn(layout, focus),
    behind,
    format,
  }
  const { stills, ...rendered } = await encodeTitled(frames, titling, (titled) => encode(titled, format, options))
  return rendered
}

const isWhole = ({ scaled, crop }: Layout) => scaled.width === crop.width && scaled.height === crop.height

/** So that small renditions can be made from the larger ones. */
const largestFirst = (renditions: RenditionPlan[]) =>
  renditions.toSorted((a, b) => b.layout.scaled.width - a.layout.scaled.width)

function factsOf(
  { format, width, height, orientation, hasAlpha, frames }: Probe,
  thumbhash: string,
): RenderOutcome['facts'] {
  return { format, width, height, orientation, hasAlpha, frames, thumbhash }
}

function failureOf(error: unknown): RenderFailure {
  if (error instanceof ThumbsmithError) return { code: error.code, message: error.message, detail: error.detail }
  const { message } = new ThumbsmithError('image.cannot_be_rendered')
  return { code: 'image.cannot_be_rendered', message, detail: toThumbsmithError(error).detail }
}
