import fc from 'fast-check'
import { expect, it } from 'vitest'
import { squaredDistances } from './distance.ts'
import { isSet, withinReach } from './reach.ts'

const scenes = fc
  .record({
    width: fc.integer({ min: 1, max: 100 }),
    height: fc.integer({ min: 1, max: 24 }),
    ink: fc.array(fc.nat(100 * 24), { maxLength: 6 }),
    x: fc.nat(40),
    y: fc.nat(6),
    radius: fc.double({ min: 0, max: 40, noNaN: true }),
  })
  .map(({ width, height, ink, x, y, radius }) => {
    const part = { x: Math.min(x, width - 1), y: Math.min(y, height - 1), width: 0, height: 0 }
    part.width = width - part.x
    part.height = height - part.y
    const cover = new Uint8Array(width * height).fill(127)
    for (const at of ink) cover[at % cover.length] = 128
    return { cover, width, part, radius }
  })

/** Looks at every pair of pixels. */
function squaresOf({ cover, width, part }: { cover: Uint8Array; width: number; part: typeof whole }): number[] {
  const inks: [number, number][] = []
  for (let y = part.y; y < part.y + part.height; y++)
    for (let x = part.x; x < part.x + part.width; x++) if (cover[y * width + x] === 128) inks.push([x, y])
  return Array.from({ length: part.width * part.height }, (_, cell) => {
    const [x, y] = [part.x + (cell % part.width), part.y + Math.floor(cell / part.width)]
    return Math.min(...inks.map(([inkX, inkY]) => (x - inkX) ** 2 + (y - inkY) ** 2))
  })
}
const whole = { x: 0, y: 0, width: 0, height: 0 }

it('knows each pixel that is near ink', () => {
  fc.assert(
    fc.property(scenes, (scene) => {
      const { cover, width, part, radius } = scene
      const near = squaresOf(scene).map((square) => (square <= radius * radius ? 1 : 0))
      const bits = withinReach(cover, width, part, radius)
      const found = near.map((_, cell) => Number(isSet(bits, cell % part.width, Math.floor(cell / part.width))))
      expect(found).toEqual(near)
      // Nothing is set beyond a row's end.
      const count = bits.words.reduce((sum, word) => sum + (word >>> 0).toString(2).replaceAll('0', '').length, 0)
      expect(count).toBe(near.filter((bit) => bit === 1).length)
    }),
    { numRuns: 500 },
  )
})

it('knows how far it is, up to a reach', () => {
  fc.assert(
    fc.property(scenes, (scene) => {
      const { cover, width, part, radius } = scene
      const reach = Math.ceil(radius)
      const upTo = (squares: Iterable<number>) =>
        Array.from(squares, (square) => (square <= reach * reach ? square : 'further'))
      expect(upTo(squaredDistances(cover, width, part, reach))).toEqual(upTo(squaresOf(scene)))
    }),
    { numRuns: 500 },
  )
})
