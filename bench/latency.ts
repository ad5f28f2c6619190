// `npm run bench:latency`: how long the API takes to answer while the decoders of the same server are given bombs; fails above 250 ms.
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { bombs } from '../test/fixtures/bombs.ts'
import { photo } from '../test/fixtures/pictures.ts'
import { openHome } from '../test/hosts/harness.ts'

const P99_MAX_MS = 250
/** How often each bomb is sent. */
const ROUNDS = 3
const ASK_EVERY_MS = 25

const percentile = (sorted: number[], share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0

/** Asks for the list until told to stop; milliseconds an answer, sorted. */
async function ask(url: string, until: { over: boolean }): Promise<number[]> {
  const took: number[] = []
  while (!until.over) {
    const start = performance.now()
    const response = await fetch(`${url}/v1/originals`)
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`The server answered ${response.status}.`)
    took.push(performance.now() - start)
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
  return took.sort((a, b) => a - b)
}

interface Listed {
  originals: { filename: string; state: string }[]
}

async function settled(url: string, count: number): Promise<Listed['originals']> {
  for (;;) {
    const { originals } = (await (await fetch(`${url}/v1/originals?limit=100`)).json()) as Listed
    if (originals.length === count && originals.every(({ state }) => !/queued|rendering/.test(state))) return originals
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

const home = await openHome()
try {
  const folder = join(home.folder, 'data/originals/uploads')
  await mkdir(folder, { recursive: true })
  const quiet = { over: false }
  setTimeout(() => {
    quiet.over = true
  }, 3_000)
  const idle = await ask(home.url, quiet)

  const files = Object.values({ ...(await bombs()), photo: await photo() })
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, bytes] of files.entries()) await writeFile(join(folder, `${round}-${index}.bin`), bytes)
  const busy = { over: false }
  const asking = ask(home.url, busy)
  const originals = await settled(home.url, ROUNDS * files.length)
  busy.over = true
  const took = await asking

  const p99 = percentile(took, 0.99)
  const ready = originals.filter(({ state }) => state === 'ready').length
  process.stdout.write(
    `${took.length} answers while ${originals.length} files were rendered: ${ready} ready, the others refused\n`,
  )
  const round = (ms: number) => Math.round(ms * 10) / 10
  process.stdout.write(
    `${JSON.stringify({
      bench: 'latency',
      node: process.version,
      cpus: availableParallelism(),
      idleP99Ms: round(percentile(idle, 0.99)),
      p50Ms: round(percentile(took, 0.5)),
      p99Ms: round(p99),
      mostMs: round(took.at(-1) ?? 0),
      passed: p99 <= P99_MAX_MS,
    })}\n`,
  )
  if (p99 > P99_MAX_MS) process.exitCode = 1
} finally {
  await home.close()
}
