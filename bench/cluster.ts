// `npm run bench:cluster`: pictures a second with 1, 2 and 4 workers on a real bucket and a real queue, beside the bare render loop of the same run,
// and the processor time that a worker needs beyond the render; fails where that is more than a quarter. Last comes a line of JSON.
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readConfig } from '../src/config.ts'
import { openQueue } from '../src/hosts/engine.ts'
import { render } from '../src/render/render.ts'
import { readManifest } from '../src/state.ts'
import { openStand } from '../test/cluster/stand.ts'
import type { WorkerProcess } from '../test/cluster/worker.ts'
import { startPostgres } from '../test/servers/postgres.ts'
import { startRedis } from '../test/servers/redis.ts'
import { openTestS3 } from '../test/servers/s3.ts'
import { inputFile } from './inputs.ts'

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '40' },
    engine: { type: 'string', default: 'redis' },
  },
})
const PICTURES = Number(values.pictures)
const ROUNDS = 5
const EACH_ROUND = Math.ceil(PICTURES / ROUNDS)
const WORKERS = [1, 2, 4]
/** So many pictures first: a decoder that is cold is slower. */
const WARM = 4
const OVERHEAD_MAX = 0.25
/** Linux counts processor time in these. */
const TICK_MS = 10
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const say = (text: string) => process.stdout.write(`${text}\n`)

/** Processor time so far, user and system, of a process and the decoders that it started. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
  const children = readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && Number(/\) \w (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'latin1'))?.[1]) === pid
    } catch {
      return false
    }
  })
  const own = (Number(stat[11]) + Number(stat[12])) * TICK_MS
  return children.reduce((sum, child) => sum + cpuMs(Number(child)), own)
}

interface Cost {
  perSecond: number
  cpuEachMs: number
}

/** One process, no queue and no store: what nothing can be faster than. */
async function bareLoop(pictures: number): Promise<Cost> {
  const [since, cpu] = [performance.now(), process.cpuUsage()]
  for (let i = 0; i < pictures; i++) await render({ bytes, presets, title: '', focus: undefined })
  const { user, system } = process.cpuUsage(cpu)
  return { perSecond: (pictures / (performance.now() - since)) * 1000, cpuEachMs: (user + system) / 1000 / pictures }
}

/** A JPEG may hold comments: the same picture as so many originals. */
function withComment(jpeg: Buffer, text: string): Buffer {
  const comment = Buffer.from(text)
  return Buffer.concat([
    jpeg.subarray(0, 2),
    Buffer.from([0xff, 0xfe, 0, comment.length + 2]),
    comment,
    jpeg.subarray(2),
  ])
}

const bytes = await readFile(await inputFile('jpeg-12'))
const { presets } = readConfig({ THUMBSMITH_CONFIG: 'thumbsmith.yaml' })
const [s3, engine] = await Promise.all([openTestS3(), values.engine === 'postgres' ? startPostgres() : startRedis()])
try {
  say(
    `${PICTURES} JPEGs of 12 megapixels (${(bytes.length / 1e6).toFixed(1)} MB), ${Object.keys(presets).length} renditions each, ${values.engine}; medians of ${ROUNDS} rounds`,
  )
  say('             a second   ms of processor each')
  const row = (name: string, costs: Cost[]) =>
    say(
      `${name.padEnd(12)}${median(costs.map(({ perSecond }) => perSecond))
        .toFixed(2)
        .padStart(9)}${median(costs.map(({ cpuEachMs }) => cpuEachMs))
        .toFixed(0)
        .padStart(24)}`,
    )
  const ratios: { engine: string; overhead: number; perSecond: Record<number, number> } = {
    engine: values.engine,
    overhead: Number.NaN,
    perSecond: {},
  }
  await bareLoop(WARM)
  for (const count of WORKERS) {
    const rounds = await withWorkers(count)
    row(
      'bare loop',
      rounds.map(({ bare }) => bare),
    )
    row(
      `${count} worker${count > 1 ? 's' : ''}`,
      rounds.map(({ workers }) => workers),
    )
    const ratioOf = (of: keyof Cost) => median(rounds.map(({ bare, workers }) => workers[of] / bare[of]))
    ratios.perSecond[count] = round(ratioOf('perSecond'))
    if (count === 1) ratios.overhead = round(ratioOf('cpuEachMs') - 1)
  }
  say(
    `everything but the render: ${(ratios.overhead * 100).toFixed(0)} % of its processor time, at most ${OVERHEAD_MAX * 100} %`,
  )
  say(JSON.stringify(ratios))
  if (!(ratios.overhead <= OVERHEAD_MAX)) process.exitCode = 1
} finally {
  await engine.close()
  await s3.stop()
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

function round(ratio: number): number {
  return Math.round(ratio * 100) / 100
}

/** Each round is a bare loop and then as many pictures through the workers: the machine is not the same a minute later. */
async function withWorkers(count: number): Promise<{ bare: Cost; workers: Cost }[]> {
  const stand = await openStand({ s3, queue: `${engine.url}?name=bench-${count}` })
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...settings } = stand.env
  const queue = await openQueue(readConfig({ ...settings, THUMBSMITH_CONFIG: 'thumbsmith.yaml' }), 1, silent)
  const keyOf = (i: number) => `uploads/bench/${i}/photo.jpg`
  const renderAll = async (first: number, last: number) => {
    for (let i = first; i < last; i++) await queue.enqueue({ key: keyOf(i) })
    for (;;) {
      const { waiting, running } = await queue.depth()
      if (waiting + running === 0) return
      await sleep(20)
    }
  }
  try {
    const all = WARM * count + ROUNDS * EACH_ROUND
    for (let i = 0; i < all; i++)
      await stand.originals.storage.put(keyOf(i), withComment(bytes, `${i}`), { contentType: 'image/jpeg' })
    const workers: WorkerProcess[] = []
    for (let i = 0; i < count; i++) workers.push(await stand.openWorker())
    await renderAll(0, WARM * count)
    const cpu = () => workers.reduce((sum, { pid }) => sum + cpuMs(pid), 0)
    const results: { bare: Cost; workers: Cost }[] = []
    for (let first = WARM * count; first < all; first += EACH_ROUND) {
      const bare = await bareLoop(EACH_ROUND)
      const [since, before] = [performance.now(), cpu()]
      await renderAll(first, first + EACH_ROUND)
      const perSecond = (EACH_ROUND / (performance.now() - since)) * 1000
      results.push({ bare, workers: { perSecond, cpuEachMs: (cpu() - before) / EACH_ROUND } })
    }
    for (let i = 0; i < all; i++) {
      const states = Object.values((await readManifest(stand.renditions.storage, keyOf(i)))?.manifest.renditions ?? {})
      if (!states.length || states.some(({ state }) => state !== 'ready')) throw new Error(`${keyOf(i)} is not ready.`)
    }
    return results
  } finally {
    await queue.close()
    await stand.close()
  }
}
