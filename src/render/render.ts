// Rendering for those who have it as a library: presets as people write them, checked, and the engine in this process.
import { z } from 'zod'
import { ThumbsmithError } from '../errors.ts'
import { type Preset, renditionsOf } from '../preset.ts'
import { presetSchema } from '../preset-schema.ts'
import type { RenderOutcome, RenderRequest } from './renderer.ts'
import { type RenderOptions, renderOriginal } from './steps.ts'

export type { RenderOptions } from './steps.ts'

/** A request as a library user writes it: presets may leave out whatever has a default. */
export type RenderInput<Name extends string = string> = Omit<RenderRequest, 'presets'> & {
  presets: Record<Name, z.input<typeof presetSchema>>
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
export async function render<Name extends string>(
  request: RenderInput<Name>,
  options: RenderOptions = {},
): Promise<RenderOutcome<Name>> {
  return renderOriginal({ ...request, presets: parsePresets(request.presets) }, options)
}

function parsePresets(presets: RenderInput['presets']): Record<string, Preset> {
  const parsed = z.record(z.string(), presetSchema).safeParse(presets)
  if (parsed.success) return renditionsOf(parsed.data)
  throw new ThumbsmithError('config.invalid', `A preset is not valid: ${z.prettifyError(parsed.error)}`)
}
