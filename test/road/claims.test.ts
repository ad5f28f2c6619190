// Claims among several processes: one that is held is waited for, one whose process is gone is taken over at once.
import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { ThumbsmithError } from '../../src/errors.ts'
import { reconcile } from '../../src/reconcile.ts'
import { readManifest, writeManifest } from '../../src/state.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Laptop, openLaptop, removeLaptop } from './laptop.ts'

const YAML = `
presets: { small: { width: 8 } }
rules: [{ name: uploads, prefix: u/, presets: [small] }]
`
const KEY = 'u/a.jpg'

let laptop: Laptop
afterEach(() => removeLaptop(laptop))

/** A rendered original on which another process has a claim. */
async function openClaimed(until: Date): Promise<{ other: string }> {
  laptop = await openLaptop(YAML)
  await laptop.put(KEY, await photo())
  await laptop.settle(KEY)
  const other = randomUUID()
  const { manifest, etag } = (await readManifest(laptop.road.state, KEY))!
  const claim = { token: `${other}/1`, until: until.toISOString() }
  await writeManifest(laptop.road.state, { ...manifest, claim }, etag)
  return { other }
}
const soon = () => new Date(Date.now() + 60_000)

describe('a claim', () => {
  it.each([
    ['of a process that is there', async () => true],
    ['where nobody can tell', () => Promise.reject(new ThumbsmithError('queue.unavailable'))],
  ])('%s is waited for', async (_, isPresent) => {
    const { other } = await openClaimed(soon())
    const asked: string[] = []
    const road = {
      ...laptop.road,
      isPresent: (instance: string) => {
        asked.push(instance)
        return isPresent()
      },
    }
    await expect(reconcile(road, { key: KEY })).rejects.toMatchObject({ code: 'storage.precondition_failed' })
    expect(asked).toEqual([other])
    expect((await laptop.manifest(KEY)).claim?.token).toBe(`${other}/1`)
  })

  it.each([
    ['of a process that is gone', soon, async () => false],
    ['that has run out', () => new Date(Date.now() - 1), async () => true],
  ])('%s is an attempt that vanished', async (_, until, isPresent) => {
    await openClaimed(until())
    await reconcile({ ...laptop.road, isPresent }, { key: KEY })
    const { claim, attempts, renditions } = await laptop.manifest(KEY)
    expect({ claim, vanished: attempts.vanished, state: renditions.small!.state }).toEqual({
      claim: undefined,
      vanished: 1,
      state: 'ready',
    })
  })
})

it('who finds nothing left to do of a job that was given out before tells it, for the one before may not have', async () => {
  laptop = await openLaptop(YAML)
  await laptop.put(KEY, await photo())
  await laptop.settle(KEY)
  const told: unknown[] = []
  laptop.road.feed.subscribe(({ key, owner, kind }) => told.push({ key, owner, kind }))
  const { owner } = await laptop.manifest(KEY)
  await reconcile(laptop.road, { key: KEY })
  expect(told).toEqual([])
  await reconcile(laptop.road, { key: KEY, again: true })
  await reconcile(laptop.road, { key: 'u/gone.jpg', again: true })
  expect(told).toEqual([
    { key: KEY, owner, kind: 'changed' },
    { key: 'u/gone.jpg', owner, kind: 'removed' },
  ])
})
