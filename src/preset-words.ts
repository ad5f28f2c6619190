// The words that presets are written in, and what stands where one says nothing of its title: known without their schema, which takes long to read.
export const OUTPUT_FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** Those that can hold an animation. */
export const MOVING_FORMATS: readonly OutputFormat[] = ['gif', 'webp', 'avif']

export const FORMAT_EXTENSION: Record<OutputFormat, string> = {
  jpeg: 'jpg',
  png: 'png',
  webp: 'webp',
  avif: 'avif',
  gif: 'gif',
}

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

/** How a title is drawn of which a preset says nothing more. */
export const PLAIN_TITLE = {
  position: 'auto',
  style: 'calm',
  minContrast: 4.5,
  colors: [] as string[],
  avoid: [] as { x: number; y: number; width: number; height: number }[],
  badge: true,
  maxLines: 4,
  maxSize: 0.2,
} as const
