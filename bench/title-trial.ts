// One title on one picture, ours and what others would do: what ships, read by our own measure and by the second meter.
import canvasKitModule from 'canvaskit-wasm'
import sharp from 'sharp'
import type { TitleStyle } from '../src/preset.ts'
import { encode } from '../src/render/encode.ts'
import type { Raw } from '../src/render/raw.ts'
import { blend, readPackageFile, shipReadable } from '../src/render/title.ts'
import { analyse, look } from '../src/title/analysis.ts'
import { openFonts } from '../src/title/fonts.ts'
import { openTitlePainter, type Painted } from '../src/title/title.ts'
import { damage, type Ink, type Reading, read, shownAt } from './title-meter.ts'
import { HEIGHT, WIDTH } from './title-pictures.ts'
import { paintRival, plainText, RIVALS } from './title-rivals.ts'

/** Name and quality as the issue of such figures usually has them. */
const CODECS = { jpeg: 80, webp: 75, avif: 50 } as const
export type Codec = keyof typeof CODECS
export const codecs = Object.keys(CODECS) as Codec[]
const encodeAs = (codec: Codec) => (frames: Raw[]) =>
  encode(frames, codec, { quality: CODECS[codec], behind: '#000000' })

const SMALL_WIDTH = 320
/** How far from the ink the second meter looks: at full size, and when small. */
const REACH = { full: 3, small: 2 }

/** One title on one picture. */
export interface Result {
  /** By our own measure, as shipped: raw pixels, and the files. */
  own: Record<'raw' | Codec, boolean>
  /** By the second meter. */
  second: Record<'raw' | Codec, boolean>
  /** The second meter at 320 pixels, on the JPEG. */
  small: { contrast: number; reached: boolean }
  /** Set in at most four lines of at least 50 pixels. */
  isLarge: boolean
  damage: number
  saliency: number
  missing: number
}

const reaches = ({ p5, worst }: { p5: number; worst: number }, target: number) => Math.min(p5, worst) >= target

async function decoded(bytes: Uint8Array): Promise<Raw> {
  const data = await sharp(bytes).toColourspace('srgb').removeAlpha().raw().toBuffer()
  return { data, width: WIDTH, height: HEIGHT, channels: 3 }
}

/** What of a patch is letters: its pixels are mixed from two known colours, and what is not is emoji. */
function inkOf({ patch, help }: Painted): Ink {
  const ink = { all: new Uint8Array(WIDTH * HEIGHT), coloured: new Uint8Array(WIDTH * HEIGHT) }
  const [red, green, blue] = help.back
  const [r, g, b] = [help.fill[0] - red, help.fill[1] - green, help.fill[2] - blue]
  const length = r * r + g * g + b * b
  for (let y = 0, at = 0; y < patch.height; y++)
    for (let x = 0; x < patch.width; x++, at += 4) {
      const alpha = patch.pixels[at + 3]! / 255
      if (alpha === 0) continue
      const offRed = patch.pixels[at]! - alpha * red
      const offGreen = patch.pixels[at + 1]! - alpha * green
      const offBlue = patch.pixels[at + 2]! - alpha * blue
      const share = (offRed * r + offGreen * g + offBlue * b) / length
      const isEmoji = Math.hypot(offRed - share * r, offGreen - share * g, offBlue - share * b) > 14
      const pixel = (patch.y + y) * WIDTH + patch.x + x
      ink.all[pixel] = isEmoji ? 255 : Math.round(255 * Math.min(1, Math.max(0, share)))
      ink.coloured[pixel] = isEmoji ? 0 : ink.all[pixel]!
    }
  return ink
}

function saliencyUnder(maps: ReturnType<typeof analyse>, { all }: Ink): number {
  let [sum, count] = [0, 0]
  const [across, down] = [WIDTH / maps.width, HEIGHT / maps.height]
  for (let y = 0; y < maps.height; y++)
    for (let x = 0; x < maps.width; x++) {
      if (all[Math.floor((y + 0.5) * down) * WIDTH + Math.floor((x + 0.5) * across)]! < 128) continue
      const cell = { x: (x + 0.5) / maps.width, y: (y + 0.5) / maps.height, width: 0, height: 0 }
      sum += look(maps, cell).saliency
      count++
    }
  const mean = look(maps, { x: 0, y: 0, width: 1, height: 1 }).saliency
  return count === 0 || mean === 0 ? 1 : sum / count / mean
}

/** What the second meter finds in one file. */
async function readFile(picture: Raw, ink: Ink, light: boolean): Promise<{ full: Reading; small: Reading }> {
  const shown = await shownAt(picture, ink, SMALL_WIDTH)
  return {
    full: read(picture, ink, light, REACH.full),
    small: read(shown.picture, shown.ink, light, REACH.small),
  }
}

const canvasKit = await canvasKitModule.default()
const fonts = await openFonts(canvasKit, readPackageFile)
const painter = await openTitlePainter({ canvasKit, readFile: readPackageFile })

export async function ours(raw: Raw, title: string, style: TitleStyle): Promise<Result | undefined> {
  const { block, missing } = await painter.set({ pictures: [raw], title, style })
  if (!block) return undefined
  const first = block.paint({ headroom: 1.08 })
  const laid = blend(raw, first.patch)
  const result: Result = {
    own: { raw: reaches(block.measure([laid], first), first.help.target), jpeg: false, webp: false, avif: false },
    second: { raw: false, jpeg: false, webp: false, avif: false },
    small: { contrast: 0, reached: false },
    isLarge: false,
    damage: 0,
    saliency: 0,
    missing: missing.length,
  }
  const light = (painted: Painted) => painted.help.target === style.minContrast
  result.second.raw = reaches(read(laid, inkOf(first), light(first), REACH.full), first.help.target)
  for (const codec of codecs) {
    const shipped = await shipReadable(block, [raw], encodeAs(codec)).catch((error: Error) => {
      process.stdout.write(`  ${error.message}\n`)
      return undefined
    })
    if (!shipped) continue
    const { rendered, painted } = shipped
    const { target } = painted.help
    result.own[codec] = reaches(rendered.title!.contrast, target)
    const ink = inkOf(painted)
    const found = await readFile(await decoded(rendered.bytes), ink, light(painted))
    result.second[codec] = reaches(found.full, target)
    if (codec !== 'jpeg') continue
    result.small = { contrast: found.small.p5, reached: found.small.p5 >= target }
    result.isLarge = rendered.title!.lines <= 4 && rendered.title!.size >= 50
    result.damage = damage(raw.data, blend(raw, painted.patch).data, ink.all)
    result.saliency = saliencyUnder(analyse(raw), ink)
  }
  return result
}

export async function rivals(raw: Raw, title: string, target: number): Promise<[string, Result][]> {
  const text = await plainText(canvasKit, fonts, title, raw)
  const found: [string, Result][] = []
  for (const rival of RIVALS) {
    const laid = paintRival(rival, raw, text)
    const result = { second: {} as Result['second'], small: { contrast: 0, reached: false } }
    result.second.raw = reaches(read(laid, text, true, REACH.full), target)
    for (const codec of codecs) {
      const { full, small } = await readFile(await decoded((await encodeAs(codec)([laid])).bytes), text, true)
      result.second[codec] = reaches(full, target)
      if (codec === 'jpeg') result.small = { contrast: small.p5, reached: small.p5 >= target }
    }
    const own = { raw: false, jpeg: false, webp: false, avif: false }
    const facts = { damage: damage(raw.data, laid.data, text.all), saliency: saliencyUnder(analyse(raw), text) }
    found.push([rival, { own, ...result, ...facts, isLarge: true, missing: 0 }])
  }
  return found
}
