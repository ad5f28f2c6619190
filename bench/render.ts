// `npm run bench:render`: CPU and memory of whole processes, ours and the peers' in turn; prints tables, then one line of JSON with the ratios.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { CACHE, INPUTS, inputFile } from './inputs.ts'
import { CORE, onOneCore } from './one-core.ts'
import { openPeers, type Peer, type Work } from './peers.ts'
import { type Output, outputsOf } from './quality.ts'
import { RECIPES } from './recipes.ts'

const run = promisify(execFile)

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: Object.keys(INPUTS).join() },
    recipes: { type: 'string', default: Object.keys(RECIPES).join() },
    peers: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    /** Images a process; a decoder lives for 200. */
    images: { type: 'string', default: '25' },
    quality: { type: 'boolean', default: false },
    /** Engines spread over all cores; otherwise all keep to the same one, in turn: as where each core has its decoder. */
    'all-cores': { type: 'boolean', default: false },
  },
})

const isSpread = values['all-cores'] || CORE === undefined

interface Cost {
  /** A further image in a process that has begun: whole process with several, less whole process with one, shared out. */
  warmMs: number
  /** A whole process with one image. */
  coldMs: number
  rssMb: number
}

interface Row {
  input: string
  recipe: string
  peer: string
  cost: Cost
  bytes: number
  quality: Output[]
}

async function measure(command: string[]): Promise<{ cpuMs: number; rssMb: number }> {
  const measured = ['python3', join(import.meta.dirname, 'measure.py'), ...command]
  const [program, ...args] = isSpread ? measured : onOneCore(measured)
  const { stdout } = await run(program!, args)
  const { status, ...cost } = JSON.parse(stdout) as { status: number; cpuMs: number; rssMb: number }
  if (status !== 0) throw new Error(`${command.slice(0, 4).join(' ')} ended with ${status}`)
  return cost
}

async function costOf(peer: Peer, work: Omit<Work, 'repeats'>, repeats: number): Promise<Cost | undefined> {
  const [one, many] = [peer.command({ ...work, repeats: 1 }), peer.command({ ...work, repeats })]
  if (!one || !many) return undefined
  const cold = await measure(one)
  const warm = await measure(many)
  return { warmMs: (warm.cpuMs - cold.cpuMs) / (repeats - 1), coldMs: cold.cpuMs, rssMb: warm.rssMb }
}

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!

async function compare(peers: Peer[], input: string, recipe: string): Promise<Row[]> {
  const file = await inputFile(input)
  const work = { input, file, recipe: RECIPES[recipe]! }
  const repeats = recipe === 'modern' || input.endsWith('-100') ? 3 : Number(values.images)
  const costs = new Map<Peer, Cost[]>()
  for (let round = 0; round < Number(values.rounds); round++)
    for (const peer of round % 2 ? [...peers].reverse() : peers) {
      const out = join(CACHE, 'out', peer.name, input, recipe)
      await mkdir(out, { recursive: true })
      const cost = await costOf(peer, { ...work, out }, repeats)
      if (cost) costs.set(peer, [...(costs.get(peer) ?? []), cost])
    }
  return Promise.all(
    [...costs].map(async ([peer, all]) => {
      const { bytes, quality } = await outputsOf(
        file,
        work.recipe,
        join(CACHE, 'out', peer.name, input, recipe),
        values.quality,
      )
      const cost = {
        warmMs: median(all.map(({ warmMs }) => warmMs)),
        coldMs: median(all.map(({ coldMs }) => coldMs)),
        rssMb: median(all.map(({ rssMb }) => rssMb)),
      }
      return { input, recipe, peer: peer.name, cost, bytes, quality }
    }),
  )
}

const say = (text: string) => process.stdout.write(`${text}\n`)

function table(rows: Row[]): void {
  const ours = rows.find(({ peer }) => peer === 'thumbsmith')
  if (!ours) return
  for (const { peer, cost, bytes, quality } of rows) {
    const scores = quality.map(({ name, score }) => `${name} ${score}`).join(', ')
    say(
      `| ${ours.input} | ${ours.recipe} | ${peer} | ${cost.warmMs.toFixed(0)} | ${(cost.warmMs / ours.cost.warmMs).toFixed(2)} | ${cost.coldMs.toFixed(0)} | ${cost.rssMb.toFixed(0)} | ${bytes || ''} | ${scores} |`,
    )
  }
}

const wanted = values.peers?.split(',')
const peers = (await openPeers()).filter(({ name }) => !wanted || wanted.includes(name))
const model = existsSync('/proc/cpuinfo') ? cpus()[0]?.model : process.arch
say(
  `${model}, ${cpus().length} cores, Node ${process.version}; engines on ${isSpread ? 'all cores' : 'one core'}; medians of ${values.rounds} rounds in turn. "warm": CPU of one more image in a running process.`,
)
say(
  '| original | renditions | engine | warm ms | x ours | whole process, one image, ms | peak RSS MB | bytes | SSIMULACRA2 |',
)
say('|---|---|---|---|---|---|---|---|---|')
const ratios: Record<string, Record<string, number>> = {}
for (const recipe of values.recipes.split(','))
  for (const input of values.inputs.split(',')) {
    const rows = await compare(peers, input, recipe)
    table(rows)
    const ours = rows.find(({ peer }) => peer === 'thumbsmith')
    if (ours)
      ratios[`${recipe}/${input}`] = Object.fromEntries(
        rows
          .filter((row) => row !== ours)
          .map(({ peer, cost }) => [peer, Number((cost.warmMs / ours.cost.warmMs).toFixed(2))]),
      )
  }
const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
say(
  JSON.stringify({
    bench: 'render',
    version,
    node: process.version,
    cpus: cpus().length,
    oneCore: !isSpread,
    timesOurCpu: ratios,
  }),
)
