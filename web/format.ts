// Numbers, sizes and lengths as people read them.

/** Limits of a title; the server holds them, the page only tells of them beforehand. */
export const TITLE_MAX_GRAPHEMES = 300
export const TITLE_MAX_BYTES = 1024

const LANGUAGE = 'en'
/** A space at which no line ends. */
const UNBROKEN = '\u00a0'

// Made once: making one takes longer than drawing a card.
const counts = new Intl.NumberFormat(LANGUAGE)
const shares = new Intl.NumberFormat(LANGUAGE, { style: 'percent' })
const days = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium' })
const moments = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'full', timeStyle: 'medium' })
const lists = new Intl.ListFormat(LANGUAGE)
const plurals = new Intl.PluralRules(LANGUAGE)
const sizes = (['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const).map(
  (unit) =>
    new Intl.NumberFormat(LANGUAGE, {
      style: 'unit',
      unit,
      unitDisplay: unit === 'byte' ? 'long' : 'short',
      maximumSignificantDigits: 3,
    }),
)

/** 1536 -> `1.54 kB`: decimal units, at most three digits. */
export function formatBytes(bytes: number): string {
  // Rounded first: 999,999 bytes are 1 MB, not 1,000 kB.
  const rounded = bytes < 1000 ? bytes : Number(bytes.toPrecision(3))
  const power = rounded < 1000 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log10(rounded) / 3))
  return sizes[power]!.format(rounded / 1000 ** power).replaceAll(' ', UNBROKEN)
}

/** Width and height in pixels: `1280 × 720`. */
export function formatPixels(width: number, height: number): string {
  return [width, '×', height].join(UNBROKEN)
}

/** `6.4`: rounded down, for a limit that is kept must look kept. */
export function formatRatio(ratio: number): string {
  return (Math.floor(10 * ratio) / 10).toFixed(1)
}

export function formatCount(count: number): string {
  return counts.format(count)
}

/** 0.429 -> `42%`. Rounded down: 100% is said only when all is there. */
export function formatShare(share: number): string {
  return shares.format(Math.floor(share * 100) / 100)
}

export function formatDay(iso: string): string {
  return days.format(new Date(iso))
}

export function formatMoment(iso: string): string {
  return moments.format(new Date(iso))
}

export function formatList(items: string[]): string {
  return lists.format(items)
}

/** `1 picture`, `3 pictures`. */
export function formatPlural(count: number, one: string, other: string): string {
  return `${formatCount(count)} ${plurals.select(count) === 'one' ? one : other}`
}

const graphemes = new Intl.Segmenter(LANGUAGE, { granularity: 'grapheme' })

/** How many characters, as a person counts them, may still be typed; below 0 there are too many. */
export function titleRoom(title: string): number {
  const text = title.normalize('NFC').replace(/\s+/gu, ' ').trim()
  const room = TITLE_MAX_GRAPHEMES - [...graphemes.segment(text)].length
  const bytesLeft = TITLE_MAX_BYTES - new TextEncoder().encode(text).length
  return bytesLeft < 0 ? Math.min(room, Math.floor(bytesLeft / 4)) : room
}

/** The format of a file as people call it. */
export function formatFormat(format: string): string {
  return format === 'webp' ? 'WebP' : format.toUpperCase()
}
