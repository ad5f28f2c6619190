// A preset: named rendering instructions, and what follows from them.
import type { z } from 'zod'
import type { Facts } from './original.ts'
import type { presetSchema, titleStyleSchema, watermarkSchema } from './preset-schema.ts'
import { OUTPUT_FORMATS, type OutputFormat, PLAIN_TITLE } from './preset-words.ts'

export type TitleStyle = z.infer<typeof titleStyleSchema>
export type Watermark = z.infer<typeof watermarkSchema>
export type Preset = z.infer<typeof presetSchema>

/** What `format: auto` makes beside the rendition that every browser can show. */
const AUTO_FORMATS = ['avif', 'webp'] as const

/** One entry for each rendition: `list` of format `auto` gives `list`, `list.avif` and `list.webp`. Doing it twice changes nothing. */
export function renditionsOf(presets: Record<string, Preset>): Record<string, Preset> {
  return Object.fromEntries(
    Object.entries(presets).flatMap(([name, preset]): [string, Preset][] => [
      [name, preset],
      ...(preset.format === 'auto'
        ? AUTO_FORMATS.map((format): [string, Preset] => [`${name}.${format}`, { ...preset, format }])
        : []),
    ]),
  )
}

/** The preset that a rendition is of: `list` for `list.avif`. */
export function presetNameOf(rendition: string): string {
  return rendition.split('.')[0]!
}

/** The preset as others may see it: without the bytes of its watermark and of its font. */
export function publicPreset(preset: Preset): Preset {
  const { watermark, title } = preset
  return {
    ...preset,
    ...(watermark && { watermark: { ...watermark, image: 'data:' } }),
    ...(typeof title === 'object' && title.font && { title: { ...title, font: 'data:' } }),
  }
}

/** How the title is drawn, or `undefined` where the preset draws none. */
export function titleStyleOf(preset: Preset): TitleStyle | undefined {
  if (preset.title === false) return undefined
  return preset.title === true ? PLAIN_TITLE : preset.title
}

/** The format of one rendition of an original of this format (`auto`, and `same` where it cannot be: JPEG or, with transparency, PNG). */
export function outputFormatOf(preset: Preset, facts: Pick<Facts, 'format' | 'hasAlpha'>): OutputFormat {
  if (preset.format !== 'same' && preset.format !== 'auto') return preset.format
  const same = preset.format === 'same' && OUTPUT_FORMATS.find((format) => format === facts.format)
  return same || (facts.hasAlpha ? 'png' : 'jpeg')
}
