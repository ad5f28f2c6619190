// `npm run bench:title`: titles of eight scripts on many pictures, beside what others do: readable in the file, readable when small, how much of the picture is changed, at what cost.
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { titleStyleSchema } from '../src/preset-schema.ts'
import { coldCost, DECODERS, median, type WarmCost, warmMs } from './title-cost.ts'
import { HEIGHT, TITLES, titlePictures, WIDTH } from './title-pictures.ts'
import { type Codec, codecs, ours, type Result, rivals } from './title-trial.ts'

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '1000' },
    titles: { type: 'string', default: Object.keys(TITLES).join() },
    only: { type: 'string' },
    style: { type: 'string', default: 'calm' },
    'no-rivals': { type: 'boolean', default: false },
    'no-cost': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const style = titleStyleSchema.parse({ style: values.style })

/** What others do does not depend on the text. */
const RIVALS_TITLE = 'english'

/** Enough for a median. */
const COST_PICTURES = 12

async function costs() {
  const found: WarmCost[] = []
  const every = Math.max(1, Math.floor(pictures.length / COST_PICTURES))
  for (const picture of pictures.filter((_, index) => index % every === 0).slice(0, COST_PICTURES))
    for (const [, title] of titles) found.push(await warmMs(await picture.load(), title, style))
  return {
    ownMs: median(found.map(({ ownMs }) => ownMs)),
    addedMs: median(found.map(({ addedMs }) => addedMs)),
    jpegMs: median(found.map(({ jpegMs }) => jpegMs)),
    cold: await coldCost(),
  }
}

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
for (const [index, picture] of pictures.entries()) {
  const raw = await picture.load()
  for (const [name, title] of titles) {
    const result = await ours(raw, title, style)
    if (result) add(rows, name, result)
    if (result && values.verbose) say(`${picture.name}, ${name}: ${JSON.stringify(result)}`)
    if (name !== RIVALS_TITLE || values['no-rivals']) continue
    for (const [rival, one] of await rivals(raw, title, style.minContrast)) add(rivalRows, rival, one)
  }
  process.stderr.write(`\r${index + 1} of ${pictures.length} pictures`)
}
process.stderr.write('\n')

const all = { name: 'all titles', results: [...rows.values()].flatMap(({ results }) => results) }
say(
  `${cpus()[0]?.model}, Node ${process.version}, ${WIDTH} x ${HEIGHT}, style ${values.style}, target ${style.minContrast} : 1 (dark letters 8 : 1).`,
)
say(
  '"at target": 5th percentile of the ring and worst letter. "2nd": another meter of other code and definitions, that judges each stroke and dot by itself. "320 px": the JPEG shown 320 pixels wide, second meter, titles in one to four lines of at least 50 px.',
)
say(
  '| | pictures | raw | jpeg 80 | webp 75 | avif 50 | 2nd: raw | jpeg | webp | avif | 320 px | least | damage median / most | saliency under the text, x the mean |',
)
say('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|')
for (const row of rows.values()) print(row, true)
print(all, true)
for (const row of rivalRows.values()) print(row, false)
const cost = values['no-cost'] ? undefined : await costs()
if (cost)
  say(
    `CPU of one title in a warm process: ${cost.ownMs.toFixed(1)} ms, ${cost.addedMs.toFixed(1)} ms with the decode that the measurement needs and all further encodes; a plain JPEG takes ${cost.jpegMs.toFixed(1)} ms. (Medians of ${Math.min(pictures.length, COST_PICTURES)} pictures, each the least of three rounds.)`,
  )
if (cost?.cold)
  say(
    `The first title of a decoder: ${cost.cold.titleMs.toFixed(0)} ms of CPU; to start Skia alone: ${cost.cold.skiaMs.toFixed(0)} ms. (Medians of ${DECODERS} decoders and processes in turn, a middle grey that needs a glow, on one core.)`,
  )
const round = (value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 100) / 100 : value)
say(
  JSON.stringify(
    {
      bench: 'title',
      node: process.version,
      ours: summary(all),
      rivals: Object.fromEntries([...rivalRows].map(([name, row]) => [name, summary(row)])),
      cost,
    },
    (_, value) => round(value),
  ),
)
