// `thumbsmith explain`: what a render of these files would do and take, from their headers alone; nothing is decoded.
import { readFile, stat } from 'node:fs/promises'
import { ThumbsmithError } from '../errors.ts'
import { publicPreset } from '../preset.ts'
import { admit, admitBytes, DEFAULT_LIMITS } from '../render/limits.ts'
import { planRender, type RenderPlan, type RenditionPlan } from '../render/plan.ts'
import { type Probe, probe } from '../render/probe.ts'
import type { Config } from '../settings.ts'

/** Prints the plan of each file, as JSON where asked. Returns the exit code: 1 where a file would be refused. */
export async function explain(
  config: Config,
  files: string[],
  options: { json?: boolean },
  print: (line: string) => void,
): Promise<number> {
  let refused = 0
  for (const file of files) {
    try {
      const { original, plan } = await planOf(config, file)
      if (options.json) print(JSON.stringify({ file, original, plan }))
      else for (const line of describe(file, original, plan)) print(line)
    } catch (error) {
      refused++
      const reason = error instanceof ThumbsmithError ? `${error.message} (${error.code})` : String(error)
      print(options.json ? JSON.stringify({ file, refused: reason }) : `${file}: ${reason}`)
    }
  }
  return refused ? 1 : 0
}

async function planOf(config: Config, file: string): Promise<{ original: Probe; plan: RenderPlan }> {
  const limits = { ...DEFAULT_LIMITS, maxBytes: config.limits.uploadMaxBytes }
  admitBytes((await stat(file)).size, limits)
  const original = await probe(await readFile(file), { tiff: config.limits.tiff })
  const plan = planRender(original, config.presets)
  admit(original, plan, limits)
  const renditions = plan.renditions.map((rendition) => ({ ...rendition, preset: publicPreset(rendition.preset) }))
  return { original, plan: { ...plan, renditions } }
}

function describe(file: string, original: Probe, plan: RenderPlan): string[] {
  const traits = [
    original.progressive && 'progressive',
    original.chroma,
    original.deep && 'more than 8 bits a channel',
    original.cmyk && 'CMYK',
    original.profiled && 'with a colour profile',
    original.hasAlpha && 'with transparency',
    original.orientation > 1 && `EXIF orientation ${original.orientation}`,
    original.frames > 1 && `${original.frames} frames`,
  ].filter(Boolean)
  const lane =
    plan.lane === 'first scan'
      ? 'from its first scan, a tenth of the bytes'
      : `${plan.frames === 1 ? 'once' : `${plan.frames} frames`}`
  const colours = original.profiled || original.cmyk ? ', then colours to sRGB' : ''
  return [
    `${file}: ${original.format}, ${original.width} x ${original.height}, ${megabytes(original.bytes)}${traits.length ? `, ${traits.join(', ')}` : ''}`,
    `  decoded ${lane}, to ${plan.decode.width} x ${plan.decode.height}${colours}; about ${megabytes(plan.estimatedMemory)} of memory`,
    ...plan.renditions.map((rendition) => `  ${describeRendition(rendition)}`),
  ]
}

function describeRendition({
  name,
  preset,
  format,
  layout,
  seeksSubject,
  animated,
  keepsProfile,
}: RenditionPlan): string {
  const { canvas, scaled, crop, at } = layout
  const isCropped = crop.width < scaled.width || crop.height < scaled.height
  const isPadded = canvas.width > crop.width || canvas.height > crop.height
  return [
    `${name}: ${canvas.width} x ${canvas.height} ${format}${animated ? ', animated' : ''}, ${preset.fit}: scaled to ${scaled.width} x ${scaled.height}`,
    isCropped && (seeksSubject ? 'cropped around its subject' : `cropped at ${crop.left},${crop.top}`),
    isPadded && `placed at ${at.left},${at.top} on ${preset.background}`,
    keepsProfile && 'in its own colours',
    preset.watermark && 'with the watermark',
    preset.title !== false && 'with the title over it',
    preset.maxBytes !== undefined && `at most ${preset.maxBytes} bytes`,
  ]
    .filter(Boolean)
    .join(', ')
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
