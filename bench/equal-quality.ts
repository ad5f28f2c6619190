// `npm run bench:equal-quality`: the bytes of the twelve modern files where they look as good as those of sharp's defaults; prints a table, then one line of JSON.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { render } from '../src/render/render.ts'
import { inputFile } from './inputs.ts'
import { openPeers } from './peers.ts'
import { scoresOf } from './quality.ts'
import { type BenchRendition, RECIPES } from './recipes.ts'

const { values } = parseArgs({
  options: {
    input: { type: 'string', default: 'jpeg-12' },
    /** The score takes 5 seconds of CPU for a file of 1920 pixels. */
    sides: { type: 'string', default: '320,640,1280,1920' },
  },
})

/** Our default and two beside it, near enough that bytes and score go along a line between two of them. */
const QUALITIES = { jpeg: [76, 78, 80], webp: [78, 80, 82], avif: [46, 50, 55] }
type Format = keyof typeof QUALITIES

interface Point {
  bytes: number
  score: number
}

interface Compared {
  format: Format
  theirs: Point
  /** Ours where they would score as theirs. */
  equalBytes: number
}

/** The bytes at this score, on the line through the two points next to it. */
function bytesAt(points: Point[], score: number): number {
  const above = points.findIndex((point) => point.score >= score)
  const upper = above === -1 ? points.length - 1 : Math.max(above, 1)
  const [low, high] = [points[upper - 1]!, points[upper]!]
  const share = (score - low.score) / (high.score - low.score)
  if (share < -0.5 || share > 1.5) throw new Error(`No quality that was tried comes near a score of ${score}.`)
  return low.bytes * (high.bytes / low.bytes) ** share
}

/** One call of sharp, then ours at three qualities. */
async function filesOf(original: Uint8Array, { width, height, fit, format }: BenchRendition): Promise<Uint8Array[]> {
  const theirs = await sharp(original).autoOrient().resize({ width, height, fit })[format]().toBuffer()
  const presets = Object.fromEntries(
    QUALITIES[format as Format].map((quality) => [`q${quality}`, { width, height, fit, format, quality }]),
  )
  const { renditions } = await render({ bytes: original, presets })
  const ours = Object.values(renditions).map((result) => {
    if ('failure' in result) throw new Error(result.failure.message)
    return result.rendered.bytes
  })
  return [theirs, ...ours]
}

const say = (text: string) => process.stdout.write(`${text}\n`)
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
const ratioOf = (all: Compared[]) =>
  Number((sum(all.map(({ equalBytes }) => equalBytes)) / sum(all.map(({ theirs }) => theirs.bytes))).toFixed(3))

// Fetches the metric where it is not there.
await openPeers()

const original = await readFile(await inputFile(values.input))
const sides = values.sides.split(',').map(Number)
const compared: Compared[] = []
say(
  "| file | sharp's defaults, bytes | SSIMULACRA2 | ours at these qualities, bytes and SSIMULACRA2 | at equal score |",
)
say('|---|---|---|---|---|')
for (const rendition of RECIPES.modern!.filter(({ width }) => sides.includes(width))) {
  const format = rendition.format as Format
  const files = await filesOf(original, rendition)
  const scores = await scoresOf(original, files)
  const [theirs, ...ours] = files.map(({ length }, index) => ({ bytes: length, score: scores[index]! }))
  const one = { format, theirs: theirs!, equalBytes: bytesAt(ours, theirs!.score) }
  compared.push(one)
  const tried = ours.map(({ bytes, score }, index) => `q${QUALITIES[format][index]}: ${bytes}, ${score.toFixed(1)}`)
  say(
    `| ${rendition.name} | ${theirs!.bytes} | ${theirs!.score.toFixed(1)} | ${tried.join('; ')} | x ${ratioOf([one])} |`,
  )
}
const timesTheirBytes = Object.fromEntries(
  (Object.keys(QUALITIES) as Format[]).map((format) => [
    format,
    ratioOf(compared.filter((one) => one.format === format)),
  ]),
)
say(JSON.stringify({ bench: 'equal-quality', sides, timesTheirBytes: { ...timesTheirBytes, all: ratioOf(compared) } }))
