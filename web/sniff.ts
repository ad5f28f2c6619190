// What a file is by its first bytes, whatever its name says.

export type Kind =
  | 'jpeg'
  | 'png'
  | 'gif'
  | 'webp'
  | 'avif'
  | 'heic'
  | 'tiff'
  | 'bmp'
  | 'svg'
  | 'pdf'
  | 'psd'
  | 'jxl'
  | 'raw'
  | 'video'
  | 'unknown'

/** As many bytes as `sniff` looks at. */
export const SNIFF_BYTES = 32

export const CONTENT_TYPE: Partial<Record<Kind, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  heic: 'image/heic',
  tiff: 'image/tiff',
}

/** What stands where, in bytes from the start; all parts of a row must fit, and the first row that fits wins. */
const SIGNATURES: [Kind, ...[at: number, bytes: string][]][] = [
  ['jpeg', [0, '\xff\xd8\xff']],
  ['png', [0, '\x89PNG\r\n\x1a\n']],
  ['gif', [0, 'GIF87a']],
  ['gif', [0, 'GIF89a']],
  ['webp', [0, 'RIFF'], [8, 'WEBP']],
  ['raw', [0, 'II*\0'], [8, 'CR']],
  ['raw', [0, 'FUJIFILM']],
  ['raw', [4, 'ftypcrx ']],
  ['tiff', [0, 'II*\0']],
  ['tiff', [0, 'MM\0*']],
  ['tiff', [0, 'II+\0']],
  ['tiff', [0, 'MM\0+']],
  ['bmp', [0, 'BM'], [6, '\0\0\0\0']],
  ['pdf', [0, '%PDF-']],
  ['psd', [0, '8BPS']],
  ['jxl', [0, '\xff\n']],
  ['jxl', [4, 'JXL ']],
  ['video', [0, '\x1aE\xdf\xa3']],
  ['video', [0, 'RIFF'], [8, 'AVI ']],
]
const SVG = /^(\xef\xbb\xbf)?\s*<(svg|\?xml|!--|!DOCTYPE svg)/i

/** Tells the kind from the first `SNIFF_BYTES` bytes of a file. */
export function sniff(head: Uint8Array): Kind {
  const text = String.fromCharCode(...head.subarray(0, SNIFF_BYTES))
  const found = SIGNATURES.find(([, ...parts]) => parts.every(([at, bytes]) => text.startsWith(bytes, at)))
  if (found) return found[0]
  if (SVG.test(text)) return 'svg'
  return text.startsWith('ftyp', 4) ? sniffBrands(text.slice(8)) : 'unknown'
}

/** ISO base media files (ISO 14496-12) name what they are by their major brand and, after four bytes, by compatible ones. */
function sniffBrands(brands: string): Kind {
  if (/avif|avis/.test(brands)) return 'avif'
  if (/heic|heix|hevc|heim|heis|mif1|msf1/.test(brands)) return 'heic'
  return 'video'
}
