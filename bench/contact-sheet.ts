// `npm run contact-sheet`: titles on many pictures, side by side, to be looked at; sheets go where the bench keeps its pictures, and their names are printed.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { titleStyleSchema } from '../src/preset-schema.ts'
import { encode } from '../src/render/encode.ts'
import { encodeTitled } from '../src/render/title.ts'
import { TITLE_CACHE, TITLES, titlePictures } from './title-pictures.ts'

const { values } = parseArgs({
  options: { style: { type: 'string', default: 'calm' }, title: { type: 'string' }, only: { type: 'string' } },
})
const [COLUMNS, ROWS] = [3, 4]
const [WIDTH, HEIGHT, GAP] = [640, 360, 6]

const style = titleStyleSchema.parse({ style: values.style })
const titles = values.title
  ? [values.title]
  : [TITLES.english, 'Summer', TITLES.arabic, TITLES.japanese, TITLES.hindi, TITLES.emoji, TITLES.thai, TITLES.long]
const pictures = (await titlePictures()).filter(({ kind, name }) =>
  values.only ? values.only.split(',').includes(name) : kind === 'photograph',
)

const tiles: Buffer[] = []
for (const [index, { name, load }] of pictures.entries()) {
  const titling = {
    style,
    title: titles[index % titles.length]!,
    focus: undefined,
    format: 'jpeg',
    behind: '#000000',
  } as const
  const rendered = await encodeTitled([await load()], titling, (frames) =>
    encode(frames, 'jpeg', { quality: 80, behind: '#000000' }),
  )
  tiles.push(await sharp(rendered.bytes).resize(WIDTH, HEIGHT).toBuffer())
  const { title } = rendered
  if (title)
    console.log(
      `${index + 1}\t${name}\t${title.position}\t${title.size} px\t${title.help} ${title.strength}\t${title.fill}\tp5 ${title.contrast.p5}\tworst ${title.contrast.worst}\tdamage ${title.damage}`,
    )
}

await mkdir(TITLE_CACHE, { recursive: true })
for (let sheet = 0; sheet * COLUMNS * ROWS < tiles.length; sheet++) {
  const page = tiles.slice(sheet * COLUMNS * ROWS, (sheet + 1) * COLUMNS * ROWS)
  const width = COLUMNS * (WIDTH + GAP)
  const height = Math.ceil(page.length / COLUMNS) * (HEIGHT + GAP)
  const file = join(TITLE_CACHE, `sheet-${values.style}-${sheet + 1}.png`)
  await sharp({ create: { width, height, channels: 3, background: '#101214' } })
    .composite(
      page.map((input, index) => ({
        input,
        left: (index % COLUMNS) * (WIDTH + GAP),
        top: Math.floor(index / COLUMNS) * (HEIGHT + GAP),
      })),
    )
    .png({ palette: true })
    .toFile(file)
  console.log(file)
}
