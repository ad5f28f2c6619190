// A preset: named rendering instructions. Its schema, its defaults and what follows from them.
import { z } from 'zod'
import type { Facts } from './original.ts'

export const OUTPUT_FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

export const FORMAT_EXTENSION: Record<OutputFormat, string> = {
  jpeg: 'jpg',
  png: 'png',
  webp: 'webp',
  avif: 'avif',
  gif: 'gif',
}

const SIDE_MAX = 16_384
const side = z.int().min(1).max(SIDE_MAX)
const colour = z
  .string()
  .regex(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i, 'must be a colour such as "#000" or "#1a2b3c"')
  .describe('A colour as #rgb or #rrggbb.')

export const POSITIONS = [
  'top-left',
  'top',
  'top-right',
  'left',
  'center',
  'right',
  'bottom-left',
  'bottom',
  'bottom-right',
] as const
export type Position = (typeof POSITIONS)[number]

const fraction = z.number().min(0).max(1)
const areaSchema = z.strictObject({
  x: fraction,
  y: fraction,
  width: z.number().gt(0).max(1),
  height: z.number().gt(0).max(1),
})

export const titleStyleSchema = z
  .strictObject({
    position: z
      .enum(['auto', ...POSITIONS])
      .default('auto')
      .describe('Where the title stands; `auto` looks for a calm place beside the subject.'),
    style: z
      .enum(['calm', 'vivid', 'outline', 'banner'])
      .default('calm')
      .describe(
        'calm: near-white or near-black, a glow where needed. vivid: coloured. outline: outlined. banner: on a panel.',
      ),
    minContrast: z
      .number()
      .min(1)
      .max(10)
      .default(4.5)
      .describe('WCAG 2 contrast that light letters must have in the file; dark ones need 1.78 times that.'),
    colors: z
      .array(colour)
      .max(8)
      .default([])
      .describe('Colours that the letters may have, the best liked first; without them they follow the picture.'),
    font: z
      .string()
      .min(1)
      .optional()
      .describe(
        'One of your own `fonts`, by its name (as a library, a `data:` URL); the bundled ones draw what it lacks.',
      ),
    avoid: z
      .array(areaSchema)
      .max(16)
      .default([])
      .describe('Parts of the picture where the title should not stand, as fractions of it.'),
    badge: z.boolean().default(true).describe('Keep clear of the corner where YouTube writes the duration?'),
    maxLines: z.int().min(1).max(8).default(4).describe('At most this many lines; the text shrinks to fit.'),
    maxSize: z
      .number()
      .min(0.02)
      .max(0.5)
      .default(0.2)
      .describe('Largest letter size, as a share of the height (of a 16:9 picture of the same area).'),
  })
  .describe('How the title is drawn.')
export type TitleStyle = z.infer<typeof titleStyleSchema>

export const watermarkSchema = z
  .strictObject({
    image: z
      .string()
      .min(1)
      .describe('A PNG or WebP of at most 200 kB, beside this file; as a library, a `data:` URL.'),
    position: z.enum(POSITIONS).default('bottom-right').describe('Where it stands, a little off the edges.'),
    size: z
      .number()
      .gt(0)
      .max(1)
      .default(0.2)
      .describe('It is made to fit into this share of the width and of the height; it is never enlarged.'),
    opacity: z.number().gt(0).max(1).default(1).describe('1 hides what is behind it, 0.5 lets half of that through.'),
  })
  .describe('A picture laid over every rendition, below the title.')
export type Watermark = z.infer<typeof watermarkSchema>

export const presetSchema = z
  .strictObject({
    width: side.optional().describe('Width in pixels; without it, it follows from the height.'),
    height: side.optional().describe('Height in pixels; without it, it follows from the width.'),
    fit: z
      .enum(['inside', 'contain', 'cover', 'fill'])
      .default('inside')
      .describe(
        'inside: whole picture, at most this size. contain: padded to exactly this size. cover: cropped to it. fill: stretched to it.',
      ),
    enlarge: z
      .boolean()
      .default(false)
      .describe('May the picture be made larger than it is? (contain still pads to the full size.)'),
    background: z
      .union([colour, z.literal('blur'), z.literal('transparent')])
      .default('#000000')
      .describe(
        'What `contain` pads with and JPEG puts behind transparency: a colour, `blur` for a blurred copy, or `transparent`.',
      ),
    position: z
      .enum([...POSITIONS, 'attention'])
      .default('center')
      .describe('Which part `cover` keeps and where `contain` puts the picture; `attention` looks for the subject.'),
    format: z
      .enum([...OUTPUT_FORMATS, 'same', 'auto'])
      .default('jpeg')
      .describe(
        'File format of the rendition. `same` keeps that of the original. `auto` makes AVIF, WebP and JPEG (PNG where the original is transparent), for a `<picture>`.',
      ),
    quality: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('Encoder quality, 1 to 100; the default depends on the format.'),
    maxBytes: z
      .int()
      .min(500)
      .optional()
      .describe('The file may have at most so many bytes: quality gives way (jpeg, webp and avif).'),
    profile: z
      .enum(['srgb', 'keep'])
      .default('srgb')
      .describe(
        'Colours: `srgb` converts them, and every screen shows them right; `keep` leaves those of an RGB original as they are and its profile in the file, such as Display P3 (not in GIF, nor in animations).',
      ),
    watermark: watermarkSchema.optional(),
    title: z.union([z.boolean(), titleStyleSchema]).default(false).describe('Draw the title over the picture?'),
    animation: z
      .boolean()
      .default(false)
      .describe(
        'Keep the frames of an animated original (`gif`, `webp` or `same`); else the first one only. AVIF is always a still: the encoder writes no sequences.',
      ),
  })
  .refine((preset) => preset.width !== undefined || preset.height !== undefined, {
    message: 'needs a width, a height or both',
  })
  .refine((preset) => preset.fit === 'inside' || (preset.width !== undefined && preset.height !== undefined), {
    message: 'needs both a width and a height, because its fit is not `inside`',
  })
  .refine((preset) => preset.maxBytes === undefined || ['jpeg', 'webp', 'avif'].includes(preset.format), {
    message: 'has maxBytes, which only jpeg, webp and avif can keep',
  })
  .refine((preset) => !preset.animation || ['gif', 'webp', 'same'].includes(preset.format), {
    message: 'keeps the animation, which only gif and webp can hold here (`same` where the original is one), not avif',
  })
export type Preset = z.infer<typeof presetSchema>

export const presetNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'must be made of lower-case letters, digits and hyphens')
  // Every object of JavaScript has something of this name already.
  .refine((name) => name !== 'constructor', 'must be another word than "constructor"')

/** What `format: auto` makes beside the rendition that every browser can show. */
const AUTO_FORMATS = ['avif', 'webp'] as const

/** The name of a rendition: of its preset, or that and the format where the preset makes several. */
export const renditionNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,40}(\.(avif|webp))?$/, 'must be the name of a preset, such as "list" or "list.avif"')

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
  return preset.title === true ? titleStyleSchema.parse({}) : preset.title
}

/** The format of one rendition of an original of this format (`auto`, and `same` where it cannot be: JPEG or, with transparency, PNG). */
export function outputFormatOf(preset: Preset, facts: Pick<Facts, 'format' | 'hasAlpha'>): OutputFormat {
  if (preset.format !== 'same' && preset.format !== 'auto') return preset.format
  const same = preset.format === 'same' && OUTPUT_FORMATS.find((format) => format === facts.format)
  return same || (facts.hasAlpha ? 'png' : 'jpeg')
}
