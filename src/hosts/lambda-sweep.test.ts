// A sweep that does not end in one call: what is left is taken up by the next, and nothing is left out or begun twice.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { photo } from '../../test/fixtures/pictures.ts'
import { type Laptop, openLaptop, removeLaptop } from '../../test/road/laptop.ts'
import { stateOf } from '../manifest.ts'
import type { SweepOptions } from '../sweep.ts'
import { sweepTurn } from './lambda-sweep.ts'
import type { RunningRoad } from './road.ts'

const YAML = `
presets: { small: { width: 64 } }
rules: [{ name: uploads, prefix: uploads/, presets: [small], rendition: "{preset}/{subdir}/{name}.{ext}" }]
`
const PLENTY = { getRemainingTimeInMillis: () => 900_000 }
const PICTURE = await photo({ width: 80, height: 60 })
const KEYS = Array.from({ length: 14 }, (_, i) => `uploads/${String(i).padStart(2, '0')}.jpg`)

let laptop: Laptop
let sent: number
const sendOn = async () => {
  sent++
}
beforeEach(async () => {
  laptop = await openLaptop(YAML)
  sent = 0
})
afterEach(() => removeLaptop(laptop))

/** Stops each sweep after it has looked at so many keys of either store, as the end of the time would. */
function hasty(looks: number): { running: RunningRoad; seen: string[] } {
  const { road, queue } = laptop
  const seen: string[] = []
  const running: RunningRoad = {
    ...laptop,
    async sweep(options: Partial<SweepOptions> = {}) {
      const { sweep } = await import('../sweep.ts')
      const stop = new AbortController()
      let left = looks
      const note = (key: string) => {
        seen.push(key)
        if (--left === 0) stop.abort()
      }
      const head = road.stores.originals.head
      const originals = {
        ...road.stores.originals,
        head: (key: string) => {
          note(key)
          return head(key)
        },
      }
      return sweep({ ...road, stores: { ...road.stores, originals } }, queue, {
        removesAtMost: 0.2,
        ...options,
        signal: stop.signal,
      })
    },
  }
  return { running, seen }
}

it('goes on from message to message until everything was looked at', async () => {
  for (const key of KEYS) await laptop.put(key, PICTURE)
  const { running, seen } = hasty(4)
  await sweepTurn(running, PLENTY, { begins: true, sendOn })
  expect(sent).toBe(1)
  let turns = 1
  for (; sent === turns; turns++) await sweepTurn(running, PLENTY, { begins: false, sendOn })
  expect(turns).toBeGreaterThan(3)
  await laptop.settle()
  for (const key of KEYS) expect([key, stateOf(await laptop.manifest(key))]).toEqual([key, 'ready'])
  expect(new Set(seen)).toEqual(new Set(KEYS))
  expect(await laptop.road.state.head('.thumbsmith/sweep')).toBeUndefined()
  await sweepTurn(running, PLENTY, { begins: false, sendOn })
  expect(sent).toBe(turns - 1)
})

it('knows over all its turns how many originals are gone', async () => {
  for (const key of KEYS) await laptop.put(key, PICTURE)
  await laptop.settle(...KEYS)
  for (const key of KEYS.slice(0, 12)) await laptop.stores.originals.delete(key)
  const { running } = hasty(4)
  await sweepTurn(running, PLENTY, { begins: true, sendOn })
  for (let turns = 1; sent === turns; turns++) await sweepTurn(running, PLENTY, { begins: false, sendOn })
  expect(sent).toBeGreaterThan(1)
  await laptop.settle()
  expect(await laptop.keys('renditions')).toHaveLength(14)
  expect(laptop.lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^12 of 14 originals are gone/),
  ])
})

it('is not begun again while it goes on, and is taken up again by a schedule where word of it was lost', async () => {
  for (const key of KEYS) await laptop.put(key, PICTURE)
  const { running, seen } = hasty(4)
  await sweepTurn(running, PLENTY, { begins: true, sendOn })
  const before = seen.length
  await sweepTurn(running, PLENTY, { begins: true, sendOn })
  expect([seen.length, sent]).toEqual([before, 1])
  const { head } = laptop.road.state
  running.road = {
    ...running.road,
    state: {
      ...running.road.state,
      head: async (key) => {
        const found = await head(key)
        return found && { ...found, modified: new Date(Date.now() - 2 * 3_600_000) }
      },
    },
  }
  await sweepTurn(running, PLENTY, { begins: true, sendOn })
  expect(seen.length).toBeGreaterThan(before)
  expect(seen.slice(before)).not.toContain(KEYS[0])
})
