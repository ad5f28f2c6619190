// What kind of file the bytes are, by their first bytes alone; names and declared types are never asked.

/** Kinds that a rendition can be made from. */
export const READABLE_KINDS = ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const
export type ReadableKind = (typeof READABLE_KINDS)[number]

/** Kinds that are known by name so that a refusal can say what to do. */
export type RefusedKind =
  | 'heic'
  | 'animated-avif'
  | 'svg'
  | 'pdf'
  | 'bmp'
  | 'jxl'
  | 'jpeg2000'
  | 'psd'
  | 'ico'
  | 'camera-raw'
  | 'video'
export type Kind = ReadableKind | RefusedKind

const MAGIC: readonly (readonly [kind: Kind, hex: RegExp])[] = [
  ['jpeg', /^ffd8ff/],
  ['png', /^89504e470d0a1a0a/],
  ['gif', /^47494638(37|39)61/],
  ['webp', /^52494646.{8}57454250/],
  ['camera-raw', /^(49492a00.{8}4352|49495500|4949524f|46554a4946494c4d)/],
  ['tiff', /^(49492a00|4d4d002a|49492b00|4d4d002b)/],
  ['bmp', /^424d.{8}00000000/],
  ['pdf', /^255044462d/],
  ['psd', /^38425053/],
  ['jxl', /^(ff0a|0000000c4a584c20)/],
  ['jpeg2000', /^(0000000c6a502020|ff4fff51)/],
  ['ico', /^00000[12]00/],
  ['video', /^(1a45dfa3|52494646.{8}41564920)/],
]

/** The kind of file, or `undefined` where it is none that we know. */
export function sniff(bytes: Uint8Array): Kind | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 32)).toString('hex')
  const boxed = sniffBoxes(bytes)
  if (boxed) return boxed
  for (const [kind, pattern] of MAGIC) if (pattern.test(head)) return kind
  return looksLikeSvg(bytes) ? 'svg' : undefined
}

/** ISO 14496-12: a `ftyp` box names a major brand and the brands it is compatible with. */
function sniffBoxes(bytes: Uint8Array): Kind | undefined {
  if (latin1(bytes, 4, 8) !== 'ftyp') return undefined
  const length = Math.min(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes.byteLength, 256)
  const brands = (latin1(bytes, 8, length).match(/[\s\S]{4}/g) ?? []).filter((_, index) => index !== 1)
  // A sequence first of all, whatever else it says that it is: libvips turns it away.
  if (brands[0] === 'avis') return 'animated-avif'
  if (brands.includes('avif') || brands.includes('avis')) return 'avif'
  if (brands.some((brand) => /^(he[iv][cmsx]|mif1|msf1)$/.test(brand))) return 'heic'
  return brands[0] === 'crx ' ? 'camera-raw' : 'video'
}

function looksLikeSvg(bytes: Uint8Array): boolean {
  const text = latin1(bytes, 0, 4096).replaceAll('\0', '')
  return /<(\w+:)?svg[\s>]/i.test(text) && !/<html[\s>]/i.test(text)
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end)
}

const EXPORT_IT = 'Export it as JPEG or PNG and upload that.'

/** What a person is told about a kind that cannot be read. */
export const REFUSALS: Record<RefusedKind | 'tiff' | 'deep jpeg', string> = {
  heic: 'This is a HEIC photo, which cannot be read here. Export it as JPEG, or on an iPhone choose Settings > Camera > Formats > Most Compatible.',
  'animated-avif':
    'This is an animated AVIF, which cannot be read here. Save it as an animated WebP or GIF, or one picture of it as AVIF.',
  svg: `This is an SVG drawing, which is refused because it can hold programs. ${EXPORT_IT}`,
  pdf: 'This is a PDF document, not a picture. Export the page as JPEG or PNG and upload that.',
  bmp: `This is a BMP picture, which cannot be read here. ${EXPORT_IT}`,
  jxl: `This is a JPEG XL picture, which cannot be read here. ${EXPORT_IT}`,
  jpeg2000: `This is a JPEG 2000 picture, which cannot be read here. ${EXPORT_IT}`,
  psd: `This is a Photoshop document, which cannot be read here. ${EXPORT_IT}`,
  ico: `This is an icon file, which cannot be read here. ${EXPORT_IT}`,
  'camera-raw': `This is a camera raw file, which cannot be read here. ${EXPORT_IT}`,
  video: 'This is a video, not a picture. Take a still from it and upload that.',
  'deep jpeg': `This JPEG has more than 8 bits a channel, which cannot be read here. ${EXPORT_IT}`,
  tiff: `This is a TIFF picture, and TIFF is not switched on here. ${EXPORT_IT}`,
}
