// What becomes of a painter whose WebAssembly ends: the title is refused, the next one is drawn.
import { expect, test } from 'vitest'
import { ThumbsmithError } from '../errors.ts'
import { titleStyleSchema } from '../preset-schema.ts'
import { lastingPainter } from './lasting.ts'
import type { SetTitle } from './title.ts'

/** A module whose only function, `a`, is `unreachable`: so Skia ends itself. */
const ABORTS = Uint8Array.from(
  [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    [1, 4, 1, 0x60, 0, 0],
    [3, 2, 1, 0],
    [7, 5, 1, 1, 0x61, 0, 0],
    [10, 5, 1, 3, 0, 0, 0x0b],
  ].flat(),
)
const abort = new WebAssembly.Instance(new WebAssembly.Module(ABORTS)).exports.a as () => never

const DRAWN: SetTitle = { missing: [], block: undefined }
const asked = (title: string) => ({ pictures: [], title, style: titleStyleSchema.parse({}) })

/** Draws nothing, and ends at the titles named here. */
function opened(ends: Record<string, () => never>) {
  const loads = { count: 0 }
  const painter = lastingPainter(async () => {
    loads.count++
    return { set: async ({ title }) => ends[title]?.() ?? DRAWN }
  })
  return { painter, loads }
}

test('where Skia ends, the title is refused, and the next one gets another Skia', async () => {
  const overflow = (): never => overflow()
  const { painter, loads } = opened({ abort, overflow })
  for (const title of ['abort', 'overflow']) {
    const before = loads.count
    await expect(painter.set(asked(title))).rejects.toMatchObject({ code: 'title.invalid' })
    expect(await painter.set(asked('sound'))).toBe(DRAWN)
    expect(loads.count).toBe(Math.max(1, before) + 1)
  }
})

test('a title that is refused costs no Skia', async () => {
  const { painter, loads } = opened({
    small: () => {
      throw new ThumbsmithError('title.does_not_fit')
    },
  })
  await expect(painter.set(asked('small'))).rejects.toMatchObject({ code: 'title.does_not_fit' })
  await painter.set(asked('sound'))
  expect(loads.count).toBe(1)
})

test('a file that could not be read is not the fault of the title, and is tried again', async () => {
  let reachable = false
  const painter = lastingPainter(async () => {
    if (!reachable) throw new TypeError('fetch failed')
    return { set: async () => DRAWN }
  })
  await expect(painter.set(asked('first'))).rejects.toThrow('fetch failed')
  reachable = true
  expect(await painter.set(asked('second'))).toBe(DRAWN)
})
