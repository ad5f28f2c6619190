// What a preset may say, and what stands where it says nothing.
import { z } from 'zod'
import { OUTPUT_FORMATS, PLAIN_TITLE, POSITIONS } from './preset-words.ts'

const SIDE_MAX = 16_384
const side = z.int().min(1).max(SIDE_MAX)
const colour = z
  .string()
  .regex(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i, 'must be a colour such as "#000" or "#1a2b3c"')
  .describe('A colour as #rgb or #rrggbb.')

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
      .default(PLAIN_TITLE.position)
      .describe('Where the title stands; `auto` looks for a calm place beside the subject.'),
    style: z
      .enum(['calm', 'vivid', 'outline', 'banner'])
      .default(PLAIN_TITLE.style)
      .describe(
        'calm: near-white or near-black, a glow where needed. vivid: coloured. outline: outlined. banner: on a panel.',
      ),
    minContrast: z
      .number()
      .min(1)
      .max(10)
      .default(PLAIN_TITLE.minContrast)
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
    badge: z
      .boolean()
      .default(PLAIN_TITLE.badge)
      .describe('Keep clear of the corner where YouTube writes the duration?'),
    maxLines: z
      .int()
      .min(1)
      .max(8)
      .default(PLAIN_TITLE.maxLines)
      .describe('At most this many lines; the text shrinks to fit.'),
    maxSize: z
      .number()
      .min(0.02)
      .max(0.5)
      .default(PLAIN_TITLE.maxSize)
      .describe('Largest letter size, as a share of the height (of a 16:9 picture of the same area).'),
  })
  .describe('How the title is drawn.')

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
        'Keep the frames of an animated original (`gif`, `webp`, `avif` or `same`); else the first one only. WebP is the smallest where little of the picture moves.',
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
  .refine((preset) => !preset.animation || ['gif', 'webp', 'avif', 'same'].includes(preset.format), {
    message: 'keeps the animation, which only gif, webp and avif can hold (`same` where the original is one)',
  })

export const presetNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'must be made of lower-case letters, digits and hyphens')
  // Every object of JavaScript has something of this name already.
  .refine((name) => name !== 'constructor', 'must be another word than "constructor"')

/** The name of a rendition: of its preset, or that and the format where the preset makes several. */
export const renditionNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,40}(\.(avif|webp))?$/, 'must be the name of a preset, such as "list" or "list.avif"')
