// `npm run bench:cold-start`: from the start of a process to its first rendition, of the render function as it is deployed and of bare sharp; fails above 1.6 times as long.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { photo } from '../test/fixtures/pictures.ts'
import { openBucket } from './cold-start-bucket.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    /** The folder of zips that `npm run build:lambda` wrote; without it they are built. Their configuration is then not the one they were built with, and is read anew: 50 ms more. */
    functions: { type: 'string' },
    /** Writes a profile of each process of one more round into this folder. */
    profile: { type: 'string' },
  },
})
const ROOT = resolve(import.meta.dirname, '..')
const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64'
const LIMIT = 1.6
const KEY = 'uploads/photo.jpg'
const YAML = `
presets: { large: { width: 1024, height: 1024 } }
rules: [{ name: uploads, prefix: uploads/, presets: [large], rendition: "{preset}/{subdir}/{name}.{ext}" }]
`
const EVENT = { Records: [{ messageId: '1', body: JSON.stringify({ thumbsmith: { key: KEY } }) }] }
const CALL = `
import('file://' + process.cwd() + '/dist/hosts/lambda-render.js').then(async ({ handler }) => {
  await handler(${JSON.stringify(EVENT)}, { getRemainingTimeInMillis: () => 60_000 })
  process.exit()
})`
const BARE = `
const sharp = require(${JSON.stringify(join(ROOT, 'node_modules/sharp'))})
const bytes = require('node:fs').readFileSync(process.argv[1])
sharp(bytes).rotate().resize(1024, 1024, { fit: 'inside' }).jpeg().toBuffer().then((rendition) => {
  process.stdout.write(String(rendition.length))
  setTimeout(() => {}, 200)
})`

interface Cost {
  ms: number
  /** Of all its processes together: steadier than time on a busy machine. */
  cpuMs: number
  /** At most, of all its processes together. */
  rssMb: number
}

const say = (line: string) => process.stdout.write(`${line}\n`)

const folder = mkdtempSync(join(tmpdir(), 'thumbsmith-cold-start-'))
let server: Server | undefined
try {
  const input = join(folder, 'photo.jpg')
  const bytes = await photo({ width: 4000, height: 3000 })
  writeFileSync(input, bytes)
  const task = unpack()
  const bucket = await openBucket()
  server = bucket.server
  const env = {
    PATH: process.env.PATH ?? '',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_LAMBDA_RUNTIME_API: 'none',
    THUMBSMITH_ORIGINALS: `s3://originals?region=us-east-1&endpoint=${bucket.url}&pathStyle=true`,
    THUMBSMITH_RENDITIONS: `s3://renditions?region=us-east-1&endpoint=${bucket.url}&pathStyle=true`,
    THUMBSMITH_QUEUE: 'sqs:http://127.0.0.1:1/jobs',
    THUMBSMITH_DECODERS: '1',
    THUMBSMITH_LOG_LEVEL: 'error',
  }
  const bundle = async (extra: Record<string, string> = {}) => {
    bucket.reset({ [`originals/${KEY}`]: bytes })
    return run(['-e', CALL], { cwd: task, env: { ...env, ...extra } }, () => bucket.stored('renditions/large/'))
  }
  const bare = () => run(['-e', BARE, input], { cwd: folder, env: { PATH: env.PATH } })

  const costs: Record<string, Cost[]> = { bundle: [], bare: [] }
  await bundle()
  await bare()
  for (let round = 0; round < Number(values.rounds); round++) {
    costs.bare!.push(await bare())
    costs.bundle!.push(await bundle())
  }
  if (values.profile) await bundle({ NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(values.profile)}` })
  const [ours, theirs] = [costs.bundle!, costs.bare!].map((all) => ({
    ms: median(all.map(({ ms }) => ms)),
    cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
    rssMb: median(all.map(({ rssMb }) => rssMb)),
  })) as [Cost, Cost]
  const ratio = ours.ms / theirs.ms
  const row = (name: string, { ms, cpuMs, rssMb }: Cost) =>
    say(
      `${name.padEnd(48)}${[`${ms.toFixed(0)} ms`, `${cpuMs.toFixed(0)} ms`, `${rssMb.toFixed(0)} MB`].map((figure) => figure.padStart(9)).join('')}`,
    )
  say(
    `12 megapixels to 1024 pixels, median of ${values.rounds} starts on Node ${process.versions.node}: time, CPU, memory`,
  )
  row("require('sharp') and one rendition", theirs)
  row('the function: S3, message, manifest, decoder', ours)
  say(
    `${ratio.toFixed(2)} times as long, at most ${LIMIT} is right; ${(ours.cpuMs / theirs.cpuMs).toFixed(2)} times the CPU`,
  )
  if (ratio > LIMIT) process.exitCode = 1
} finally {
  server?.closeAllConnections()
  server?.close()
  rmSync(folder, { recursive: true, force: true })
}

/** The function's zip, as Lambda lays it out. */
function unpack(): string {
  const config = join(folder, 'thumbsmith.yaml')
  writeFileSync(config, YAML)
  const out = values.functions ?? join(folder, 'zips')
  if (!values.functions)
    execFileSync(process.execPath, ['scripts/build-lambda.mjs', '--arch', ARCH, '--out', out, '--config', config], {
      cwd: ROOT,
      stdio: ['ignore', 2, 2],
    })
  const task = join(folder, 'task')
  execFileSync('unzip', ['-q', join(out, `render-${ARCH}.zip`), '-d', task])
  writeFileSync(join(task, 'thumbsmith.yaml'), YAML)
  return task
}

/** Until `rendered` resolves, or the process says something. */
async function run(
  args: string[],
  options: { cwd: string; env: Record<string, string> },
  rendered?: () => Promise<void>,
): Promise<Cost> {
  const began = performance.now()
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  const isThere = await Promise.race([rendered ? rendered().then(() => true) : said.then(() => true), ended])
  const ms = performance.now() - began
  if (!isThere) throw new Error('It ended without a rendition.')
  const cost = costOf(child.pid!)
  await ended
  return { ms, ...cost }
}

/** Linux: what a process and its children have cost so far. */
function costOf(pid: number): { rssMb: number; cpuMs: number } {
  const children = readdirSync('/proc').filter((id) => new RegExp(`^PPid:\\t${pid}$`, 'm').test(read(id, 'status')))
  const all = [String(pid), ...children]
  const peakKb = all.map((id) => Number(/VmHWM:\s+(\d+) kB/.exec(read(id, 'status'))?.[1] ?? 0))
  const ranNs = all.flatMap((id) =>
    threadsOf(id).map((thread) => Number(read(`${id}/task/${thread}`, 'schedstat').split(' ')[0] ?? 0)),
  )
  return { rssMb: (sum(peakKb) * 1024) / 1e6, cpuMs: sum(ranNs) / 1e6 }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function threadsOf(id: string): string[] {
  try {
    return readdirSync(`/proc/${id}/task`)
  } catch {
    return []
  }
}

/** '' where it is no process, or none any more. */
function read(id: string, file: string): string {
  if (!/^\d/.test(id)) return ''
  try {
    return readFileSync(`/proc/${id}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
