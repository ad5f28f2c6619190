// What is known of a title that was drawn: how well it can be read, measured on the bytes that ship, and why it looks as it does.
import { z } from 'zod'
import { POSITIONS } from './preset-words.ts'

export const titleReportSchema = z.object({
  contrast: z
    .object({
      p5: z.number().describe('What all but the worst 5 % of the pixels around the text reach.'),
      worst: z.number().describe('What the worst single letter reaches.'),
      target: z.number().describe('What both must reach: more for dark letters than for light ones.'),
    })
    .describe('WCAG 2 contrast of the text with what is around it, in the decoded file.'),
  position: z.enum(POSITIONS),
  size: z.number().describe('Letter size in pixels.'),
  lines: z.int(),
  truncated: z.boolean().describe('The title was too long and ends in an ellipsis.'),
  help: z.enum(['none', 'glow', 'outline', 'banner']).describe('What stands behind the letters.'),
  strength: z.number().describe('How much of the picture the glow or the banner covers, 0 to 1.'),
  fill: z.string().describe('Colour of the letters.'),
  back: z.string().describe('Colour behind them.'),
  damage: z.number().describe('Mean change of lightness (OKLab, x 100) outside the letters.'),
  saliency: z.number().describe('How much there is to see under the text, 0 to 1.'),
  legibleAt: z
    .int()
    .describe('Smallest width in pixels at which the picture may be shown and the title still be read.'),
  cost: z.record(z.string(), z.number()).describe('What spoke against this place, part by part.'),
})
export type TitleReport = z.infer<typeof titleReportSchema>
