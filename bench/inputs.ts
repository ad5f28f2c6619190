// The originals of the bench, made at run time from one photograph (or a computed picture) at its own density, mirrored where more is needed.
import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { photographs } from '../test/fixtures/photographs.ts'

/** Outside node_modules, which a fresh install empties. */
export const CACHE = join(tmpdir(), 'thumbsmith-bench')

const SIZES = { 12: [4000, 3000], 24: [6000, 4000], 48: [8000, 6000], 100: [11_652, 8_736] } as const
type Megapixels = keyof typeof SIZES

interface Input {
  megapixels: Megapixels
  extension: string
  encode(pipeline: Sharp): Sharp
}

const jpeg = { quality: 90 } as const

/** Quality 90 with 4:2:0 is what cameras and phones write. */
export const INPUTS: Record<string, Input> = {
  'jpeg-12': { megapixels: 12, extension: 'jpg', encode: (p) => p.jpeg(jpeg) },
  'jpeg-24': { megapixels: 24, extension: 'jpg', encode: (p) => p.jpeg(jpeg) },
  'jpeg-48': { megapixels: 48, extension: 'jpg', encode: (p) => p.jpeg(jpeg) },
  'jpeg-100': { megapixels: 100, extension: 'jpg', encode: (p) => p.jpeg(jpeg) },
  'progressive-24': { megapixels: 24, extension: 'jpg', encode: (p) => p.jpeg({ ...jpeg, progressive: true }) },
  'progressive-100': { megapixels: 100, extension: 'jpg', encode: (p) => p.jpeg({ ...jpeg, progressive: true }) },
  'rotated-12': {
    megapixels: 12,
    extension: 'jpg',
    encode: (p) => p.rotate(270).jpeg(jpeg).withMetadata({ orientation: 6 }),
  },
  'p3-12': { megapixels: 12, extension: 'jpg', encode: (p) => p.withIccProfile('p3').jpeg(jpeg) },
  'cmyk-12': { megapixels: 12, extension: 'jpg', encode: (p) => p.withIccProfile('cmyk').jpeg(jpeg) },
  'png-12': { megapixels: 12, extension: 'png', encode: (p) => p.withIccProfile('srgb').png({ compressionLevel: 6 }) },
  'png16-12': {
    megapixels: 12,
    extension: 'png',
    encode: (p) => p.toColourspace('rgb16').png({ compressionLevel: 6 }),
  },
  'webp-12': { megapixels: 12, extension: 'webp', encode: (p) => p.webp({ quality: 90, effort: 2 }) },
  'avif-12': {
    megapixels: 12,
    extension: 'avif',
    encode: (p) => p.avif({ quality: 65, effort: 1, chromaSubsampling: '4:2:0' }),
  },
}

/** The file of this input, made once. */
export async function inputFile(name: string): Promise<string> {
  const input = INPUTS[name]
  if (!input) throw new Error(`There is no input "${name}". Known are ${Object.keys(INPUTS).join(', ')}.`)
  const file = join(CACHE, 'inputs', `${name}.${input.extension}`)
  if (existsSync(file)) return file
  await mkdir(join(CACHE, 'inputs'), { recursive: true })
  const bytes = await input.encode(await scene(input.megapixels)).toBuffer()
  await writeFile(`${file}.part`, bytes)
  await rename(`${file}.part`, file)
  return file
}

async function scene(megapixels: Megapixels): Promise<Sharp> {
  const [width, height] = SIZES[megapixels]
  const { large } = await photographs()
  const source = await sharp(large).metadata()
  const cut = { left: 0, top: 0, width: Math.min(width, source.width), height: Math.min(height, source.height) }
  const { data, info } = await sharp(large)
    .extract(cut)
    .extend({ right: width - cut.width, bottom: height - cut.height, extendWith: 'mirror' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
}
