// A pool with one decoder that draws its first title: prints how many milliseconds of CPU that took more than the same picture without.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import sharp from 'sharp'
import { presetSchema } from '../src/preset-schema.ts'
import { cpuMs, decoderPid } from './decoder-process.ts'
import { HEIGHT, TITLES, WIDTH } from './title-pictures.ts'

/** The first argument is the folder of the compiled sources. */
const { poolRenderer } = (await import(
  pathToFileURL(join(process.argv[2]!, 'render/pool.js')).href
)) as typeof import('../src/render/pool.ts')

/** A middle grey: the title on it needs a glow. */
const create = { width: WIDTH, height: HEIGHT, channels: 3, background: '#808080' } as const
const bytes = await sharp({ create }).jpeg().toBuffer()
const size = { width: WIDTH, height: HEIGHT }
const plain = { thumbnail: presetSchema.parse(size) }
const titled = { thumbnail: presetSchema.parse({ ...size, title: true }) }

const renderer = poolRenderer({ size: 1 })
try {
  // What pictures need is compiled by then.
  for (let picture = 0; picture < 3; picture++) await renderer.render({ bytes, presets: plain })
  const decoder = decoderPid()
  const start = cpuMs(decoder)
  await renderer.render({ bytes, presets: plain })
  const before = cpuMs(decoder)
  const { renditions } = await renderer.render({ bytes, presets: titled, title: TITLES.english })
  const after = cpuMs(decoder)
  const { thumbnail } = renditions
  if (!thumbnail || !('rendered' in thumbnail) || !thumbnail.rendered.title) throw new Error('No title was drawn.')
  process.stdout.write(String(after - before - (before - start)))
} finally {
  await renderer.close()
}
