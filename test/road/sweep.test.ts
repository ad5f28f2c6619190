// The sweep over a store that fails now and then, or is away.
import { afterEach, expect, it } from 'vitest'
import { ThumbsmithError } from '../../src/errors.ts'
import { type SweepResult, sweep } from '../../src/sweep.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Laptop, openLaptop, removeLaptop } from './laptop.ts'

const YAML = `
presets: { small: { width: 8 } }
rules: [{ name: uploads, prefix: u/, presets: [small] }]
`
const ORIGINALS = 30

let laptop: Laptop
afterEach(() => removeLaptop(laptop))

/** Sweeps new originals in a store that fails where `fails` says so; gives the result and how many looks it took. */
async function sweepWhere(fails: (key: string) => boolean): Promise<{ swept: Promise<SweepResult>; looks: string[] }> {
  laptop = await openLaptop(YAML)
  const bytes = await photo({ width: 16, height: 16 })
  for (let i = 0; i < ORIGINALS; i++) await laptop.put(`u/${i}.jpg`, bytes)
  const looks: string[] = []
  const originals = {
    ...laptop.stores.originals,
    async head(key: string) {
      looks.push(key)
      if (fails(key)) throw new ThumbsmithError('storage.unavailable')
      return laptop.stores.originals.head(key)
    },
  }
  const road = { ...laptop.road, stores: { ...laptop.road.stores, originals } }
  return { swept: sweep(road, laptop.queue, { removesAtMost: 1 }), looks }
}

it('goes on where single looks fail, and leaves those to the next one', async () => {
  const { swept } = await sweepWhere((key) => /5/.test(key))
  expect(await swept).toMatchObject({ originals: ORIGINALS - 3, enqueued: ORIGINALS - 3, unreadable: 3 })
})

it('ends soon where the store is away', async () => {
  const { swept, looks } = await sweepWhere(() => true)
  await expect(swept).rejects.toMatchObject({ code: 'storage.unavailable' })
  expect(looks.length).toBeLessThan(ORIGINALS / 2)
})
