// `npm run bench:pool`: how many decoder processes, and how many threads in each, serve a machine best.
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { presetSchema } from '../src/preset-schema.ts'
import { poolRenderer } from '../src/render/pool.ts'
import { inputFile } from './inputs.ts'

const { values } = parseArgs({ options: { pictures: { type: 'string', default: '60' } } })
const PICTURES = Number(values.pictures)
const CORES = availableParallelism()
const presets = Object.fromEntries(
  [128, 512, 1024].map((side) => [`w${side}`, presetSchema.parse({ width: side, height: side })]),
)

/** Before the child sets libvips to one thread, the setter is made to set another number. */
const withThreads = (threads: number) => [
  '--import',
  `data:text/javascript,${encodeURIComponent(
    `import { createRequire } from 'node:module'
     const sharp = createRequire(${JSON.stringify(import.meta.url)})('sharp')
     const set = sharp.concurrency
     sharp.concurrency = () => set(${threads})`,
  )}`,
]

/** Linux: CPU milliseconds and resident bytes of the decoders that run now. */
function decoders(): { cpuMs: number; rssBytes: number } {
  let [cpuMs, rssBytes] = [0, 0]
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
      if (
        Number(fields[1]) !== process.pid ||
        !readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/render/child.')
      )
        continue
      cpuMs += 10 * (Number(fields[11]) + Number(fields[12]))
      rssBytes += 4_096 * Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1])
    } catch {
      // It has ended in between.
    }
  return { cpuMs, rssBytes }
}

async function measure(size: number, threads: number) {
  const renderer = poolRenderer({ size, execArgv: withThreads(threads) })
  const bytes = await readFile(await inputFile('jpeg-12'))
  try {
    await Promise.all(Array.from({ length: 2 * size }, () => renderer.render({ bytes, presets })))
    const before = decoders().cpuMs
    const start = performance.now()
    await Promise.all(Array.from({ length: PICTURES }, () => renderer.render({ bytes, presets })))
    const wallMs = performance.now() - start
    const { cpuMs, rssBytes } = decoders()
    return {
      size,
      threads,
      perSecond: (1000 * PICTURES) / wallMs,
      cpuMs: (cpuMs - before) / PICTURES,
      rssMb: rssBytes / 1e6,
    }
  } finally {
    await renderer.close()
  }
}

process.stdout.write(
  '| decoders | threads in each | pictures a second | CPU ms a picture | MB of all |\n|---|---|---|---|---|\n',
)
const rows = []
for (const [size, threads] of [
  [1, 1],
  [1, CORES],
  [CORES, 1],
  [CORES, CORES],
  [CORES + 1, 1],
  [2 * CORES, 1],
] as const) {
  const row = await measure(size, threads)
  rows.push(row)
  process.stdout.write(
    `| ${size} | ${threads} | ${row.perSecond.toFixed(1)} | ${row.cpuMs.toFixed(0)} | ${row.rssMb.toFixed(0)} |\n`,
  )
}
process.stdout.write(
  `${JSON.stringify({ bench: 'pool', node: process.version, cpus: CORES, pictures: PICTURES, rows })}\n`,
)
