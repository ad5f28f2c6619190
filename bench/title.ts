// `npm run bench:title`: titles of eight scripts on many pictures, beside what others do: readable in the file, readable when small, how much of the picture is changed, at what cost.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import canvasKitModule from 'canvaskit-wasm'
import sharp from 'sharp'
import { titleStyleSchema } from '../src/preset.ts'
import { encode } from '../src/render/encode.ts'
import type { Raw } from '../src/render/raw.ts'
import { blend, encodeTitled, readPackageFile, shipReadable } from '../src/render/title.ts'
import { analyse, look } from '../src/title/analysis.ts'
import { openFonts } from '../src/title/fonts.ts'
import { openTitlePainter, type Painted } from '../src/title/title.ts'
import { damage, type Ink, type Reading, read, shownAt } from './title-meter.ts'
import { HEIGHT, TITLES, titlePictures, WIDTH } from './title-pictures.ts'
import { paintRival, plainText, RIVALS } from './title-rivals.ts'

const run = promisify(execFile)
const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '1000' },
    titles: { type: 'string', default: Object.keys(TITLES).join() },
    only: { type: 'string' },
    style: { type: 'string', default: 'calm' },
    'no-rivals': { type: 'boolean', default: false },
    'no-cold': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const style = titleStyleSchema.parse({ style: values.style })

/** Name and quality as the issue of such figures usually has them. */
const CODECS = { jpeg: 80, webp: 75, avif: 50 } as const
type Codec = keyof typeof CODECS
const codecs = Object.keys(CODECS) as Codec[]
const encodeAs = (codec: Codec) => (frames: Raw[]) =>
  encode(frames, codec, { quality: CODECS[codec], behind: '#000000' })

/** What others do does not depend on the text. */
const RIVALS_TITLE = 'english'
const SMALL_WIDTH = 320
/** How far from the ink the second meter looks: at full size, and when small. */
const REACH = { full: 3, small: 2 }

/** One title on one picture. */
interface Result {
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
  cpuMs: number | undefined
  /** The same without the title's own: a JPEG of the picture. */
  jpegMs?: number
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

async function ours(raw: Raw, title: string): Promise<Result | undefined> {
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
    cpuMs: undefined,
    missing: missing.length,
  }
  const light = (painted: Painted) => painted.help.target === style.minContrast
  result.second.raw = reaches(read(laid, inkOf(first), light(first), REACH.full), first.help.target)
  for (const codec of codecs) {
    const shipped = await shipReadable(block, [raw], encodeAs(codec)).catch((error: Error) => {
      say(`  ${error.message}`)
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
  return { ...result, ...(await warmMs(raw, title)) }
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What the title adds to a JPEG: also the decode that the measurement needs, and every further encode. */
async function warmMs(raw: Raw, title: string): Promise<{ cpuMs: number; jpegMs: number }> {
  const titling = { style, title, focus: undefined, format: 'jpeg', behind: '#000000' } as const
  const start = cpuMs()
  await encodeAs('jpeg')([raw])
  const plain = cpuMs()
  await encodeTitled([raw], titling, encodeAs('jpeg')).catch(() => undefined)
  return { cpuMs: cpuMs() - plain - (plain - start), jpegMs: plain - start }
}

async function rivals(raw: Raw, title: string): Promise<[string, Result][]> {
  const text = await plainText(canvasKit, fonts, title, raw)
  const found: [string, Result][] = []
  for (const rival of RIVALS) {
    const laid = paintRival(rival, raw, text)
    const result = { second: {} as Result['second'], small: { contrast: 0, reached: false } }
    result.second.raw = reaches(read(laid, text, true, REACH.full), style.minContrast)
    for (const codec of codecs) {
      const { full, small } = await readFile(await decoded((await encodeAs(codec)([laid])).bytes), text, true)
      result.second[codec] = reaches(full, style.minContrast)
      if (codec === 'jpeg') result.small = { contrast: small.p5, reached: small.p5 >= style.minContrast }
    }
    const own = { raw: false, jpeg: false, webp: false, avif: false }
    const facts = { damage: damage(raw.data, laid.data, text.all), saliency: saliencyUnder(analyse(raw), text) }
    found.push([rival, { own, ...result, ...facts, isLarge: true, cpuMs: undefined, missing: 0 }])
  }
  return found
}

/** A fresh process, compiled as it is installed: what the first title costs more than a plain JPEG. */
async function coldMs(): Promise<number> {
  const root = resolve(import.meta.dirname, '..')
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, 'node_modules/.cache/title-cold-'))
  try {
    const built = join(folder, 'src')
    await run('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', built, '--declaration', 'false'], { cwd: root })
    await writeFile(
      join(folder, 'cold.mjs'),
      `import { encode } from './src/render/encode.js'
import { encodeTitled } from './src/render/title.js'
import { titleStyleSchema } from './src/preset.js'
const raw = { data: Buffer.alloc(${3 * WIDTH * HEIGHT}, 90), width: ${WIDTH}, height: ${HEIGHT}, channels: 3 }
const asJpeg = (frames) => encode(frames, 'jpeg', { quality: 80, behind: '#000000' })
await asJpeg([raw])
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 }
const start = cpu()
await asJpeg([raw])
const plain = cpu()
await encodeTitled([raw], { style: titleStyleSchema.parse({}), title: ${JSON.stringify(TITLES.english)}, focus: undefined, format: 'jpeg', behind: '#000000' }, asJpeg)
console.log(cpu() - plain - (plain - start))`,
    )
    const found: number[] = []
    for (let round = 0; round < 5; round++)
      found.push(Number((await run(process.execPath, [join(folder, 'cold.mjs')])).stdout))
    return median(found)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

interface Row {
  name: string
  results: Result[]
}

function summary({ results }: Row) {
  const count = (test: (result: Result) => boolean, of = results) => of.filter(test).length
  const large = results.filter(({ isLarge }) => isLarge)
  const each = <T>(value: (key: 'raw' | Codec) => T) =>
    Object.fromEntries((['raw', ...codecs] as const).map((key) => [key, value(key)])) as Record<'raw' | Codec, T>
  return {
    pictures: results.length,
    missing: results.length > 0 && results.every(({ missing }) => missing > 0),
    own: each((key) => count((result) => result.own[key])),
    second: each((key) => count((result) => result.second[key])),
    small: count(({ small }) => small.reached),
    large: large.length,
    smallOfLarge: count(({ small }) => small.reached, large),
    smallLeast: Math.min(...large.map(({ small }) => small.contrast)),
    damageMedian: median(results.map((result) => result.damage)),
    damageMost: Math.max(...results.map((result) => result.damage)),
    saliency: results.reduce((sum, result) => sum + result.saliency, 0) / results.length,
    cpuMs: median(results.flatMap((result) => result.cpuMs ?? [])),
    jpegMs: median(results.flatMap((result) => result.jpegMs ?? [])),
  }
}

function print(row: Row, isOurs: boolean): void {
  if (row.results.length === 0) {
    say(`| ${row.name} | 0 | no character can be drawn |`)
    return
  }
  const sum = summary(row)
  const cells = (counts: Record<'raw' | Codec, number>) => (['raw', ...codecs] as const).map((key) => counts[key])
  const figures = [
    ...(isOurs ? cells(sum.own) : ['', '', '', '']),
    ...cells(sum.second),
    `${sum.smallOfLarge} / ${sum.large}`,
    sum.smallLeast.toFixed(2),
    `${sum.damageMedian.toFixed(2)} / ${sum.damageMost.toFixed(1)}`,
    sum.saliency.toFixed(2),
    isOurs ? `${sum.cpuMs.toFixed(1)} (JPEG ${sum.jpegMs.toFixed(1)})` : '',
  ]
  say(`| ${row.name}${sum.missing ? ' (characters missing)' : ''} | ${sum.pictures} | ${figures.join(' | ')} |`)
}

const names = values.only?.split(',')
const pictures = (await titlePictures())
  .filter(({ name }) => !names || names.includes(name))
  .slice(0, Number(values.pictures))
const titles = Object.entries(TITLES).filter(([name]) => values.titles.split(',').includes(name))

const rows = new Map<string, Row>()
const rivalRows = new Map<string, Row>()
const add = (to: Map<string, Row>, name: string, result: Result) => {
  const row = to.get(name) ?? { name, results: [] }
  to.set(name, row)
  row.results.push(result)
}
// The first titles pay for loading.
for (const [, title] of titles) await warmMs(await pictures[0]!.load(), title)
for (const [index, picture] of pictures.entries()) {
  const raw = await picture.load()
  for (const [name, title] of titles) {
    const result = await ours(raw, title)
    if (result) add(rows, name, result)
    if (values.verbose && result)
      say(
        `${picture.name} ${name} small ${result.small.contrast.toFixed(2)}${result.small.reached ? '' : ' LOST'} damage ${result.damage.toFixed(2)} second ${JSON.stringify(result.second)} cpu ${result.cpuMs?.toFixed(0)}`,
      )
    if (name !== RIVALS_TITLE || values['no-rivals']) continue
    for (const [rival, one] of await rivals(raw, title)) add(rivalRows, rival, one)
  }
  process.stderr.write(`\r${index + 1} of ${pictures.length} pictures`)
}
process.stderr.write('\n')

const all = { name: 'all titles', results: [...rows.values()].flatMap(({ results }) => results) }
say(
  `${cpus()[0]?.model}, Node ${process.version}, ${WIDTH} x ${HEIGHT}, style ${values.style}, target ${style.minContrast} : 1 (dark letters 8 : 1).`,
)
say(
  '"at target": 5th percentile of the ring and worst letter. "second meter": other code and definitions. "320 px": the JPEG shown 320 pixels wide, second meter, titles in one to four lines of at least 50 px.',
)
say(
  '| | pictures | raw | jpeg 80 | webp 75 | avif 50 | 2nd: raw | jpeg | webp | avif | 320 px | least | damage median / most | saliency under the text, x the mean | CPU ms |',
)
say('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|')
for (const row of rows.values()) print(row, true)
print(all, true)
for (const row of rivalRows.values()) print(row, false)
const cold = values['no-cold'] ? undefined : await coldMs()
if (cold !== undefined) say(`The first title of a process: ${cold.toFixed(0)} ms of CPU more than a plain JPEG.`)
const round = (value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 100) / 100 : value)
say(
  JSON.stringify(
    {
      bench: 'title',
      node: process.version,
      ours: summary(all),
      rivals: Object.fromEntries([...rivalRows].map(([name, row]) => [name, summary(row)])),
      coldMs: cold,
    },
    (_, value) => round(value),
  ),
)
