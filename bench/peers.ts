// The engines that the bench compares: the command that runs each, and how each is fetched when it is not there.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import { CHILD_ENV, CHILD_FLAGS } from '../src/render/decoder.ts'
import { CACHE } from './inputs.ts'
import type { BenchRendition } from './recipes.ts'

export interface Work {
  input: string
  file: string
  recipe: BenchRendition[]
  repeats: number
  /** Where the renditions go, so that they can be looked at. */
  out: string
}

export interface Peer {
  name: string
  /** What one process runs, or `undefined` where the engine cannot do this work. */
  command(work: Work): string[] | undefined
}

const HERE = import.meta.dirname
const ROOT = resolve(HERE, '..')
const PYTHON = join(CACHE, 'venv', 'bin', 'python')
const IPX = join(CACHE, 'ipx')

const say = (text: string) => process.stderr.write(`${text}\n`)

function attempt(what: string, command: string, args: string[], cwd = ROOT): boolean {
  try {
    execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
    return true
  } catch (error) {
    say(`Left out: ${what} (${String((error as Error).message).split('\n')[0]})`)
    return false
  }
}

const has = (command: string) => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** As JavaScript, which is what ships: Node's own stripping of types stays in the heap that V8 goes over. */
const CANDIDATE = join(CACHE, 'candidate.mjs')

const node = (engine: string, work: Work, env: string[] = [], flags: string[] = []) => [
  'env',
  ...env,
  process.execPath,
  ...flags,
  CANDIDATE,
  engine,
  work.file,
  JSON.stringify(work.recipe),
  String(work.repeats),
  work.out,
]

/** Compiled as it ships; parts that other files are being changed in do not matter. */
function thumbsmithPeer(): Peer {
  const dist = join(CACHE, 'dist')
  mkdirSync(dist, { recursive: true })
  if (!existsSync(join(CACHE, 'node_modules'))) symlinkSync(join(ROOT, 'node_modules'), join(CACHE, 'node_modules'))
  writeFileSync(join(dist, 'package.json'), '{"type":"module"}')
  try {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', dist], { cwd: ROOT })
  } catch (error) {
    if (!existsSync(join(dist, 'render/render.js'))) throw error
  }
  // As the pool starts its decoders.
  const env = Object.entries({ ...CHILD_ENV, BENCH_ENGINE: join(dist, 'render/render.js') })
  const settings = env.map(([name, value]) => `${name}=${value}`)
  return { name: 'thumbsmith', command: (work) => node('thumbsmith', work, settings, CHILD_FLAGS) }
}

async function ipxPeer(): Promise<Peer | undefined> {
  if (!existsSync(join(IPX, 'node_modules/ipx'))) {
    await mkdir(IPX, { recursive: true })
    await writeFile(join(IPX, 'package.json'), '{"private":true}')
    if (!attempt('ipx', 'npm', ['install', '--no-audit', '--no-fund', 'ipx@3.1.1'], IPX)) return undefined
  }
  return { name: 'ipx', command: (work) => node('ipx', work, [`BENCH_IPX=${IPX}`]) }
}

/** As in its tutorials, and writing JPEGs of the quality and with the optimised codes that all others write. In a virtual environment of its own, which also holds the quality metric. */
function pillowPeers(): Peer[] {
  if (!existsSync(PYTHON)) {
    const venv = join(CACHE, 'venv')
    if (!has('python3')) return []
    if (!attempt('Pillow', 'python3', ['-m', 'venv', venv])) return []
    if (!attempt('Pillow', PYTHON, ['-m', 'pip', 'install', '-q', 'pillow', 'ssimulacra2'])) return []
  }
  const command = ({ file, recipe, repeats, out }: Work) => [
    PYTHON,
    join(HERE, 'pillow.py'),
    file,
    JSON.stringify(recipe),
    String(repeats),
    out,
  ]
  return [
    { name: 'pillow', command },
    {
      name: 'pillow-same',
      command: (work) =>
        work.recipe.every(({ format }) => format === 'jpeg') ? [...command(work), 'same'] : undefined,
    },
  ]
}

function debian(what: string, command: string, name: string): boolean {
  return (
    has(command) || (has('apt-get') && attempt(what, 'apt-get', ['install', '-y', '--no-install-recommends', name]))
  )
}

const again = (repeats: number, script: string) => [
  'sh',
  '-c',
  `i=0; while [ $i -lt ${repeats} ]; do i=$((i+1)); ${script}; done`,
]

function vipsthumbnailPeer(): Peer | undefined {
  if (!debian('vipsthumbnail', 'vipsthumbnail', 'libvips-tools')) return undefined
  return {
    name: 'vipsthumbnail',
    command({ input, file, recipe, repeats, out }) {
      if (input.startsWith('avif') || recipe.some(({ fit, format }) => fit !== 'inside' || format !== 'jpeg'))
        return undefined
      const one = ({ name, width, height }: BenchRendition) =>
        `vipsthumbnail ${file} --size ${width}x${height} -o ${out}/${name}.jpeg[Q=80,optimize-coding]`
      return again(repeats, recipe.map(one).join(' && '))
    },
  }
}

/**
 * The least that libjpeg-turbo can do: its own scaled decode to at least the largest size, and the encoding of pixels that were
 * scaled beforehand. Nothing resizes, so no engine can reach it.
 */
async function floorPeer(): Promise<Peer | undefined> {
  if (!debian('the floor', 'djpeg', 'libjpeg-turbo-progs')) return undefined
  const pixels = join(CACHE, 'floor')
  await mkdir(pixels, { recursive: true })
  const { inputFile } = await import('./inputs.ts')
  for (const side of [128, 512, 1024]) {
    const { data, info } = await sharp(await inputFile('jpeg-12'))
      .resize(side, side, { fit: 'inside' })
      .raw()
      .toBuffer({ resolveWithObject: true })
    const header = Buffer.from(`P6\n${info.width} ${info.height}\n255\n`)
    await writeFile(join(pixels, `w${side}-jpeg.ppm`), Buffer.concat([header, data]))
  }
  return {
    name: 'floor',
    command({ input, file, recipe, repeats }) {
      if (
        !/^(jpeg|progressive|rotated)/.test(input) ||
        !recipe.every(({ name }) => /^w(128|512|1024)-jpeg$/.test(name))
      )
        return undefined
      const sides: Record<string, number> = { 12: 4000, 24: 6000, 48: 8000, 100: 11_652 }
      const eighth = [1, 2, 4, 8].find((eighths) => (sides[input.split('-')[1]!]! * eighths) / 8 >= 1024)
      const encodes = recipe.map(({ name }) => `cjpeg -quality 80 -optimize ${pixels}/${name}.ppm > /dev/null`)
      return again(repeats, `djpeg -scale ${eighth}/8 ${file} > /dev/null; ${encodes.join('; ')}`)
    },
  }
}

/** Every engine that can run here, thumbsmith first. */
export async function openPeers(): Promise<Peer[]> {
  mkdirSync(CACHE, { recursive: true })
  writeFileSync(CANDIDATE, stripTypeScriptTypes(readFileSync(join(HERE, 'candidate.ts'), 'utf8')))
  const sharpPeer: Peer = { name: 'sharp', command: (work) => node('sharp', work) }
  const peers = [thumbsmithPeer(), sharpPeer, ...pillowPeers(), await ipxPeer(), vipsthumbnailPeer(), await floorPeer()]
  return peers.filter((peer) => peer !== undefined)
}

export const PYTHON_OF_BENCH = PYTHON
