import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openRemovals } from './removals.ts'

let looked: string[]
let many: number
let removals: ReturnType<typeof openRemovals>
beforeEach(() => {
  vi.useFakeTimers()
  looked = []
  many = 0
  removals = openRemovals({ look: (key) => looked.push(key), onMany: () => many++ })
})
afterEach(() => {
  removals.close()
  vi.useRealTimers()
})

const remove = (from: number, to: number) => {
  for (let i = from; i < to; i++) removals.removed(`u/${i}`)
}

it('a few are looked at', () => {
  remove(0, 10)
  vi.advanceTimersByTime(1000)
  expect(looked).toEqual(Array.from({ length: 10 }, (_, i) => `u/${i}`))
  expect(many).toBe(0)
})

it('many are not, none of them, and that is told once they have all come', () => {
  for (let i = 0; i < 500; i++) {
    removals.removed(`u/${i}`)
    vi.advanceTimersByTime(900)
  }
  expect([looked, many]).toEqual([[], 0])
  vi.advanceTimersByTime(1000)
  expect([looked, many]).toEqual([[], 1])
})

it('nor are many that come a few at a time', () => {
  remove(0, 6)
  vi.advanceTimersByTime(5000)
  remove(6, 12)
  vi.advanceTimersByTime(5000)
  expect([looked.length, many]).toEqual([6, 1])
  vi.advanceTimersByTime(60_000)
  remove(12, 18)
  vi.advanceTimersByTime(5000)
  expect([looked.length, many]).toEqual([12, 1])
})

it('the same one again is no other', () => {
  for (let i = 0; i < 20; i++) removals.removed('u/a')
  vi.advanceTimersByTime(1000)
  expect([looked, many]).toEqual([['u/a'], 0])
})

it('stops', () => {
  remove(0, 1)
  removals.close()
  vi.advanceTimersByTime(5000)
  expect([looked, many]).toEqual([[], 0])
})
