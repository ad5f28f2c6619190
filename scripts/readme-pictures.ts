// Makes the README's picture with the product's own engine: one computed original, three presets of thumbsmith.yaml.
import { readFileSync, writeFileSync } from 'node:fs'
import sharp from 'sharp'
import { parseConfig } from '../src/config.ts'
import { render } from '../src/render/render.ts'
import { dusk } from './dusk.ts'

const TARGET = 'docs/images/readme.jpg'
const BYTES_MAX = 150_000
const HEIGHT = 640
const GAP = 10
/** The column at the right holds a square above a picture of 3:2. */
const COLUMN = Math.round((HEIGHT - GAP) * 0.6)
const WIDE = Math.round((HEIGHT * 16) / 9)

const [width, height] = [2400, 1600]
const raw = { width, height, channels: 3 } as const
const original = await sharp(dusk(width, height), { raw }).jpeg({ quality: 92 }).toBuffer()

const { presets } = parseConfig(readFileSync('thumbsmith.yaml', 'utf8'), 'thumbsmith.yaml', {})
const { youtube, list, square } = presets
const { renditions } = await render({
  bytes: original,
  // A little larger than the preset says, to fill its place below.
  presets: { youtube: youtube!, list: list!, square: { ...square!, width: COLUMN, height: COLUMN } },
  title: '10 Things Nobody Told You',
})

async function tile(name: keyof typeof renditions, width: number, height: number, left: number, top: number) {
  const rendition = renditions[name]
  if ('failure' in rendition) throw new Error(`${name}: ${rendition.failure.message}`)
  return { input: await sharp(rendition.rendered.bytes).resize(width, height).toBuffer(), left, top }
}

const tiles = [
  await tile('youtube', WIDE, HEIGHT, 0, 0),
  await tile('square', COLUMN, COLUMN, WIDE + GAP, 0),
  await tile('list', COLUMN, HEIGHT - GAP - COLUMN, WIDE + GAP, COLUMN + GAP),
]
const canvas = { width: WIDE + GAP + COLUMN, height: HEIGHT, channels: 3, background: '#0d1117' } as const
const picture = await sharp({ create: canvas }).composite(tiles).jpeg({ quality: 84, mozjpeg: true }).toBuffer()
if (picture.length > BYTES_MAX) throw new Error(`${TARGET} would have ${picture.length} bytes; at most ${BYTES_MAX}.`)
writeFileSync(TARGET, picture)
process.stdout.write(`${TARGET}  ${canvas.width} x ${canvas.height}  ${picture.length} bytes\n`)
