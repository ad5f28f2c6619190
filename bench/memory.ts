// `npm run bench:memory`: what one decoder process holds after many mixed pictures, and whether 48 megapixels fit into 256 MiB; fails where not.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { presetSchema } from '../src/preset-schema.ts'
import { poolRenderer } from '../src/render/pool.ts'
import { picture } from '../test/fixtures/pictures.ts'
import { decoderPid, residentBytes } from './decoder-process.ts'
import { inputFile } from './inputs.ts'

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '2000' },
    /** Other allocator settings, e.g. `MALLOC_ARENA_MAX=4 MALLOC_TRIM_THRESHOLD_=0`. */
    env: { type: 'string', default: '' },
  },
})
const PICTURES = Number(values.pictures)
const EARLY = Math.min(200, PICTURES / 2)
/** What is kept differs from picture to picture, and with when garbage was last collected: the middle of so many. */
const WINDOW = EARLY / 2
/** How much more it may hold at the end than early on. */
const GROWTH_MAX = 1.1
const MIB = 2 ** 20

const presets = {
  small: presetSchema.parse({ width: 128, height: 128 }),
  square: presetSchema.parse({ width: 256, height: 256, fit: 'cover', position: 'attention' }),
  large: presetSchema.parse({ width: 1024, height: 1024 }),
}
const say = (text: string) => process.stdout.write(`${text}\n`)

async function mixed(): Promise<Uint8Array[]> {
  const sizes: [number, number][] = [
    [640, 480],
    [1600, 1200],
    [2400, 1600],
    [3000, 2000],
  ]
  const files: Uint8Array[] = []
  for (const [width, height] of sizes) {
    const source = () => picture({ width, height, seed: width })
    files.push(
      await source().jpeg().toBuffer(),
      await source().jpeg({ progressive: true }).toBuffer(),
      await source().webp({ effort: 0 }).toBuffer(),
      await source().png({ compressionLevel: 1 }).toBuffer(),
    )
    if (width < 2000) files.push(await source().avif({ effort: 0 }).toBuffer(), await source().gif().toBuffer())
  }
  files.push(Buffer.from('no picture'), files[0]!.subarray(0, 5_000), await readFile(await inputFile('jpeg-12')))
  return files
}

async function soak(): Promise<Record<string, number>> {
  const env = Object.fromEntries(
    values.env
      .split(' ')
      .filter(Boolean)
      .map((pair) => pair.split('=') as [string, string]),
  )
  const renderer = poolRenderer({ size: 1, recycleAfter: Number.POSITIVE_INFINITY, recycleAboveRssBytes: 2e9, env })
  const files = await mixed()
  const held: number[] = []
  for (let n = 1; n <= PICTURES; n++) {
    await renderer.render({ bytes: files[(n * 7) % files.length]!, presets }).catch(() => undefined)
    if (n > EARLY - WINDOW && n <= EARLY) held.push(residentBytes(decoderPid()).now)
    if (n > PICTURES - WINDOW) held.push(residentBytes(decoderPid()).now)
  }
  const { peak } = residentBytes(decoderPid())
  const ticks = readFileSync(`/proc/${decoderPid()}/stat`, 'latin1').split(') ')[1]!.split(' ')
  await renderer.close()
  const middle = (all: number[]) => Math.round(all.sort((a, b) => a - b)[Math.floor(all.length / 2)]! / MIB)
  const cpuMs = Math.round((10 * (Number(ticks[11]) + Number(ticks[12]))) / PICTURES)
  return {
    earlyMib: middle(held.slice(0, WINDOW)),
    lateMib: middle(held.slice(WINDOW)),
    peakMib: Math.round(peak / MIB),
    cpuMs,
  }
}

/** The parent ends a decoder that is seen above the limit. */
async function large(): Promise<number> {
  const renderer = poolRenderer({ size: 1, maxRssBytes: 256 * MIB })
  try {
    const { renditions } = await renderer.render({ bytes: await readFile(await inputFile('jpeg-48')), presets })
    for (const result of Object.values(renditions)) if ('failure' in result) throw new Error(result.failure.message)
    return Math.round(residentBytes(decoderPid()).peak / MIB)
  } finally {
    await renderer.close()
  }
}

const peakOf48Mib = await large()
say(`48 MP JPEG, three presets: peak ${peakOf48Mib} MiB in a process that is ended above 256 MiB`)
const held = await soak()
say(
  `after ${EARLY} pictures ${held.earlyMib} MiB, after ${PICTURES} ${held.lateMib} MiB, peak ${held.peakMib} MiB, ${held.cpuMs} ms CPU a picture`,
)
const kernel = execFileSync('uname', ['-sr'], { encoding: 'utf8' }).trim()
const passed = peakOf48Mib <= 256 && held.lateMib! <= GROWTH_MAX * held.earlyMib!
say(
  JSON.stringify({ bench: 'memory', node: process.version, kernel, pictures: PICTURES, peakOf48Mib, ...held, passed }),
)
process.exitCode = passed ? 0 : 1
