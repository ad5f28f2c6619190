// The shapes of what is known of an original.
import { z } from 'zod'

/** What a look at the bytes tells. Pixels are as displayed, after the orientation is applied. */
export const factsSchema = z.object({
  format: z.enum(['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff', 'heic']),
  width: z.int().positive(),
  height: z.int().positive(),
  orientation: z.int().min(1).max(8),
  hasAlpha: z.boolean(),
  frames: z.int().positive(),
  /** ThumbHash, base64: about 30 bytes that stand in for the picture until a rendition is there. */
  thumbhash: z.string(),
})

/** Where the eye should rest, as fractions of width and height. */
export const focusSchema = z.object({ x: z.number().min(0).max(1), y: z.number().min(0).max(1) })
