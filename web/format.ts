// Numbers, sizes and lengths as people read them.
import { graphemesOf } from '../src/graphemes.ts'

/** Limits of a title; the server holds them, the page only tells of them beforehand. */
export const TITLE_MAX_GRAPHEMES = 300
export const TITLE_MAX_BYTES = 1024

/** A space at which no line ends. */
const UNBROKEN = '\u00a0'

// The page speaks English only. Intl would say the same, and costs 40 ms before anything is seen, four times that on a phone.
const UNITS = ['byte', 'kB', 'MB', 'GB']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** 1536 -> `1.54 kB`: decimal units, at most three digits. */
export function formatBytes(bytes: number): string {
  // Rounded first: 999,999 bytes are 1 MB, not 1,000 kB.
  const rounded = bytes < 1000 ? bytes : Number(bytes.toPrecision(3))
  const power = rounded < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(rounded) / 3))
  const amount = Number((rounded / 1000 ** power).toPrecision(3))
  const unit = power === 0 && amount !== 1 ? 'bytes' : UNITS[power]
  return `${formatCount(amount)}${UNBROKEN}${unit}`
}

/** Width and height in pixels: `1280 × 720`. */
export function formatPixels(width: number, height: number): string {
  return [width, '×', height].join(UNBROKEN)
}

/** `6.4`: rounded down, for a limit that is kept must look kept. */
export function formatRatio(ratio: number): string {
  return (Math.floor(10 * ratio) / 10).toFixed(1)
}

/** `1,234`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** 0.429 -> `42%`. Rounded down: 100% is said only when all is there. */
export function formatShare(share: number): string {
  return `${Math.floor(share * 100)}%`
}

/** `Nov 21, 2026`, where the person is. */
export function formatDay(iso: string): string {
  const date = new Date(iso)
  return `${MONTHS[date.getMonth()]} ${date.getDate()}, ${date.getFullYear()}`
}

/** `Nov 21, 2026, 16:05:09`. */
export function formatMoment(iso: string): string {
  const date = new Date(iso)
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0'))
  return `${formatDay(iso)}, ${time.join(':')}`
}

/** `a, b, and c`. */
export function formatList(items: string[]): string {
  if (items.length < 3) return items.join(' and ')
  return `${items.slice(0, -1).join(', ')}, and ${items.at(-1)}`
}

/** `1 picture`, `3 pictures`. */
export function formatPlural(count: number, one: string, other: string): string {
  return `${formatCount(count)} ${count === 1 ? one : other}`
}

/** How many characters, as a person counts them, may still be typed; below 0 there are too many. */
export function titleRoom(title: string): number {
  const text = title.normalize('NFC').replace(/\s+/gu, ' ').trim()
  const room = TITLE_MAX_GRAPHEMES - graphemesOf(text).length
  const bytesLeft = TITLE_MAX_BYTES - new TextEncoder().encode(text).length
  return bytesLeft < 0 ? Math.min(room, Math.floor(bytesLeft / 4)) : room
}

/** The format of a file as people call it. */
export function formatFormat(format: string): string {
  return format === 'webp' ? 'WebP' : format.toUpperCase()
}
