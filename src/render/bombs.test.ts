// Files made to harm, through the pool: each is finished or refused in time and within its memory, and good ones go on meanwhile.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bombs, mutate, seeds } from '../../test/fixtures/bombs.ts'
import { photo, random } from '../../test/fixtures/pictures.ts'
import { presetSchema } from '../preset-schema.ts'
import { poolRenderer } from './pool.ts'
import type { Renderer } from './renderer.ts'

const presets = {
  small: presetSchema.parse({ width: 128 }),
  moving: presetSchema.parse({ width: 64, height: 64, format: 'webp', animation: true }),
}
const WALL_MS = 10_000
/** Mutated files in `npm test`; MUTATIONS asks for more, SEED for others. */
const MUTATIONS = Number(process.env.MUTATIONS ?? 300)
const SEED = Number(process.env.SEED ?? 1)

let renderer: Renderer
beforeAll(() => {
  // 512 MB for every picture: there is no large lane here.
  renderer = poolRenderer({
    size: 2,
    wallMs: WALL_MS,
    maxRssBytes: 512_000_000,
    limits: { maxMemoryBytes: 400_000_000 },
  })
})
afterAll(() => renderer.close())

async function outcomeOf(bytes: Uint8Array): Promise<string> {
  return renderer.render({ bytes, presets }).then(
    () => 'rendered',
    (error: { code: string }) => error.code,
  )
}

test('bombs are finished or refused, none by ending a decoder', { timeout: 120_000 }, async () => {
  const outcomes: Record<string, string> = {}
  let gap = 0
  let last = performance.now()
  const watch = setInterval(() => {
    gap = Math.max(gap, performance.now() - last - 10)
    last = performance.now()
  }, 10)
  const files = await bombs()
  gap = 0
  await Promise.all(
    Object.entries(files).map(async ([name, bytes]) => {
      outcomes[name] = await outcomeOf(bytes)
    }),
  )
  clearInterval(watch)
  expect(outcomes).toEqual({
    'PNG of 16,776,964 x 4': 'image.too_many_pixels',
    'PNG of 60,000 x 60,000': 'image.too_many_pixels',
    'PNG of 100 megapixels': 'rendered',
    'interlaced PNG of 16 bits': 'rendered',
    'PNG with a text of 500 MB': 'rendered',
    'GIF of 100,000 frames': 'image.too_many_frames',
    'JPEG that says 65,500 x 65,500': 'image.too_many_pixels',
    'progressive JPEG that says 16,000 x 16,000': 'image.needs_too_much_memory',
    'AVIF of 100 megapixels': 'image.needs_too_much_memory',
    'WebP of 100 megapixels': 'rendered',
  })
  // The process that asks never waits for the decoders.
  expect(gap).toBeLessThan(250)
})

test(`${MUTATIONS} mutated files harm nothing`, { timeout: 60_000 + MUTATIONS * 200 }, async () => {
  const next = random(SEED)
  const kinds = Object.values(await seeds())
  const good = await photo()
  const outcomes = new Map<string, number>()
  for (let n = 0; n < MUTATIONS; n += 2) {
    const pair = [mutate(kinds[n % kinds.length]!, next), mutate(kinds[(n + 1) % kinds.length]!, next)]
    for (const outcome of await Promise.all(pair.map(outcomeOf)))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  expect([...outcomes.keys()].filter((outcome) => !/^(rendered|image\.)/.test(outcome))).toEqual([])
  expect(await outcomeOf(good)).toBe('rendered')
})
