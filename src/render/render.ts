// The render engine: one original and its presets in, the renditions out, as a list of steps with one decode for all.
import { z } from 'zod'
import { ThumbsmithError, toThumbsmithError } from '../errors.ts'
import { type Preset, presetSchema } from '../preset.ts'
import { colourBehind, pad } from './background.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import { cutFor, layOut } from './geometry.ts'
import { admit, admitBytes, DEFAULT_LIMITS, type Limits } from './limits.ts'
import { planRender, type RenditionPlan } from './plan.ts'
import { type Probe, probe } from './probe.ts'
import { cutRaw, type Raw } from './raw.ts'
import type { Rendered, RenderFailure, RenderOutcome, RenderRequest } from './renderer.ts'
import { findSubject } from './subject.ts'
import { thumbhashOf } from './thumbhash.ts'
import { drawTitleOn } from './title.ts'

/** A request as a library user writes it: presets may leave out whatever has a default. */
export type RenderInput = Omit<RenderRequest, 'presets'> & { presets: Record<string, z.input<typeof presetSchema>> }

export interface RenderOptions {
  limits?: Partial<Limits>
  /** Read TIFF too (default: no). */
  tiff?: boolean
}

/**
 * Renders one original in this process. Trust what you give it, or use `poolRenderer` (pool.ts), which does the same in
 * child processes that can be stopped.
 *
 * Throws a ThumbsmithError with an `image.*` code where the original as a whole cannot be used, and `config.invalid` where a preset
 * is none. A single preset that fails is a value: `{ failure }` under its name.
 *
 * @example
 * import { readFile, writeFile } from 'node:fs/promises'
 * import { render } from 'thumbsmith/render'
 *
 * const { facts, renditions } = await render({
 *   bytes: await readFile('photo.jpg'),
 *   presets: { small: { width: 512 }, youtube: { width: 1280, height: 720, fit: 'contain', title: true } },
 *   title: '10 Things Nobody Told You',
 * })
 * if ('rendered' in renditions.small) await writeFile('small.jpg', renditions.small.rendered.bytes)
 */
export async function render(request: RenderInput, options: RenderOptions = {}): Promise<RenderOutcome> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const presets = parsePresets(request.presets)
  admitBytes(request.bytes.byteLength, limits)
  const original = await probe(request.bytes, options)
  const plan = planRender(original, presets, request.focus)
  admit(original, plan, limits)
  const frames = await decode(request.bytes, original, plan)
  const thumbhash = await thumbhashOf(frames[0]!)
  const renditions: RenderOutcome['renditions'] = {}
  for (const rendition of plan.renditions) {
    renditions[rendition.name] = await renderOne(rendition, frames, original, request.title ?? '').then(
      (rendered) => ({ rendered }),
      (error: unknown) => ({ failure: failureOf(error) }),
    )
  }
  return { facts: factsOf(original, thumbhash), renditions }
}

/** One rendition from the decoded frames: crop, pad, title, encode. */
async function renderOne(plan: RenditionPlan, decoded: Raw[], original: Probe, title: string): Promise<Rendered> {
  const { preset, format } = plan
  const layout = plan.seeksSubject
    ? layOut(original, preset, await findSubject(decoded[0]!, plan.layout.canvas))
    : plan.layout
  const frames: Raw[] = []
  for (const frame of plan.animated ? decoded : decoded.slice(0, 1)) {
    const cut = await cutRaw(frame, cutFor(frame, layout))
    frames.push(await pad(cut, layout, preset.background, frame))
  }
  const titled = await drawTitleOn(frames, preset, title)
  const behind = colourBehind(preset.background)
  const { delays, loop } = original
  const encoded = await encode(titled.frames, format, {
    quality: preset.quality,
    behind,
    ...(plan.animated && { delays, loop }),
  })
  return { ...encoded, ...(titled.missingCharacters.length > 0 && { missingCharacters: titled.missingCharacters }) }
}

function parsePresets(presets: RenderInput['presets']): Record<string, Preset> {
  const parsed = z.record(z.string(), presetSchema).safeParse(presets)
  if (parsed.success) return parsed.data
  throw new ThumbsmithError('config.invalid', `A preset is not valid: ${z.prettifyError(parsed.error)}`)
}

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
