// What a title costs: CPU beside a plain JPEG of the same picture, in a process that has drawn titles before and in a decoder that has not.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { TitleStyle } from '../src/preset.ts'
import { compilingLess } from '../src/render/compilers.ts'
import { encode } from '../src/render/encode.ts'
import type { Raw } from '../src/render/raw.ts'
import { blend, encodeTitled, loadPainter } from '../src/render/title.ts'
import { EFFORTS } from '../src/title/help.ts'
import { onOneCore } from './one-core.ts'

const run = promisify(execFile)
// As a decoder opens it.
const painter = await compilingLess(loadPainter)
const asJpeg = (frames: Raw[]) => encode(frames, 'jpeg', { quality: 80, behind: '#000000' })

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function timed(work: () => unknown): Promise<number> {
  const start = cpuMs()
  await work()
  return cpuMs() - start
}

export interface WarmCost {
  /** Analysis, placement, layout, drawing, colours, laying over and measuring; nothing of the codec. */
  ownMs: number
  /** What the title adds to a JPEG in all: also the decode that the measurement needs, and every further encode. */
  addedMs: number
  jpegMs: number
}

/** Of several rounds the least: other processes on the machine only ever add. */
const ROUNDS = 3

export async function warmMs(raw: Raw, title: string, style: TitleStyle): Promise<WarmCost> {
  let [ownMs, titledMs, jpegMs] = [1e9, 1e9, 1e9]
  const titling = { style, title, focus: undefined, format: 'jpeg', behind: '#000000' } as const
  for (let round = 0; round < ROUNDS; round++) {
    jpegMs = Math.min(jpegMs, await timed(() => asJpeg([raw])))
    titledMs = Math.min(titledMs, await timed(() => encodeTitled([raw], titling, asJpeg)))
    ownMs = Math.min(ownMs, await timed(() => setOnce(raw, title, style)))
  }
  return { ownMs, addedMs: titledMs - jpegMs, jpegMs }
}

async function setOnce(raw: Raw, title: string, style: TitleStyle): Promise<void> {
  const { block } = await painter.set({ pictures: [raw], title, style })
  if (!block) return
  const painted = block.paint(EFFORTS[0]!)
  const laid = [blend(raw, painted.patch)]
  block.report(painted, block.measure(laid, painted), laid)
}

/** So many fresh decoders, of which the middle counts. */
export const DECODERS = 9

export interface ColdCost {
  /** The first title of a decoder that has drawn pictures without, compiled as it is installed: CPU beside the same picture without. */
  titleMs: number
  /** Skia alone, started in a process of its own: how fast the machine is just now. */
  skiaMs: number
}

const START_SKIA = `
  const start = process.cpuUsage()
  require('canvaskit-wasm')().then(() => {
    const { user, system } = process.cpuUsage(start)
    process.stdout.write(String((user + system) / 1000))
  })`

/** Both in turn, on one core. Known on Linux. */
export async function coldCost(): Promise<ColdCost | undefined> {
  if (process.platform !== 'linux') return undefined
  const root = resolve(import.meta.dirname, '..')
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true })
  const built = await mkdtemp(join(root, 'node_modules/.cache/title-cold-'))
  try {
    await run('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', built, '--declaration', 'false'], { cwd: root })
    // Else Node would look at each module to learn what it is.
    await writeFile(join(built, 'package.json'), '{"type":"module"}')
    const told = async (...args: string[]) => {
      const [program, ...rest] = onOneCore([process.execPath, ...args])
      return Number((await run(program!, rest, { cwd: root })).stdout)
    }
    const found: ColdCost[] = []
    for (let decoder = 0; decoder < DECODERS; decoder++)
      found.push({
        skiaMs: await told('-e', START_SKIA),
        titleMs: await told(join(import.meta.dirname, 'title-cold.ts'), built),
      })
    return {
      titleMs: median(found.map(({ titleMs }) => titleMs)),
      skiaMs: median(found.map(({ skiaMs }) => skiaMs)),
    }
  } finally {
    await rm(built, { recursive: true, force: true })
  }
}

export const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0
