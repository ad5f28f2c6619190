// What the bench asks of every engine: three sets of renditions.
import type { OutputFormat } from '../src/preset-words.ts'

export interface BenchRendition {
  name: string
  width: number
  height: number
  fit: 'inside' | 'contain'
  format: OutputFormat
}

const inside = (side: number, format: OutputFormat): BenchRendition => ({
  name: `w${side}-${format}`,
  width: side,
  height: side,
  fit: 'inside',
  format,
})

export const RECIPES: Record<string, BenchRendition[]> = {
  sizes: [128, 512, 1024].map((side) => inside(side, 'jpeg')),
  padded: [{ name: 'padded', width: 1280, height: 720, fit: 'contain', format: 'jpeg' }],
  modern: [320, 640, 1280, 1920].flatMap((side) => [inside(side, 'jpeg'), inside(side, 'webp'), inside(side, 'avif')]),
}
