// Reading a body as a whole: every length that is said of it, true or not.
import { expect, it } from 'vitest'
import { readAll } from './storage.ts'

const pieces = ['one', 'two', 'three']
const streamOf = () => new Blob(pieces).stream()

it.each([0, 1, 3, 10, 11, 12, 1_000])('reads the whole body where %d bytes were expected', async (expected) => {
  expect(Buffer.from(await readAll(streamOf(), 100, expected)).toString()).toBe('onetwothree')
})

it('refuses what is longer than allowed, whatever was expected', async () => {
  expect(await readAll(streamOf(), 11)).toHaveLength(11)
  for (const expected of [0, 10, 11])
    await expect(readAll(streamOf(), 10, expected)).rejects.toMatchObject({ code: 'image.too_many_bytes' })
})
