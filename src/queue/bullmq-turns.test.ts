import { beforeEach, describe, expect, it, vi } from 'vitest'
import { bullmqTurns } from './bullmq-turns.ts'

const LANE = 2 ** 20
let head: number | undefined
let reads = 0
const openTurns = () =>
  bullmqTurns(async () => {
    reads++
    return head
  })
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  head = undefined
  reads = 0
  return () => vi.useRealTimers()
})
/** After this the head of the queue is looked at anew. */
const moment = () => vi.setSystemTime(Date.now() + 60)

describe('turns', () => {
  it('put the one job of an owner beside the first of another, not behind its last', async () => {
    const turns = openTurns()
    for (let i = 1; i <= 1000; i++) expect(await turns.take('many', 'interactive')).toBe(i)
    expect(reads).toBe(1)
    head = 400
    moment()
    expect(await turns.take('one', 'interactive')).toBe(400)
    expect(await turns.take('one', 'interactive')).toBe(401)
    expect(await turns.take('many', 'interactive')).toBe(1001)
  })

  it('begin anew where nothing waits: nobody is punished for having had much done', async () => {
    const turns = openTurns()
    for (let i = 0; i < 1000; i++) await turns.take('many', 'interactive')
    moment()
    expect(await turns.take('many', 'interactive')).toBe(1)
  })

  it('of backfill come after all interactive ones, and stand still while those are served', async () => {
    const turns = openTurns()
    expect(await turns.take('a', 'backfill')).toBe(LANE + 1)
    head = 7
    moment()
    expect(await turns.take('a', 'backfill')).toBe(LANE + 2)
    expect(await turns.take('b', 'interactive')).toBe(7)
    head = LANE + 50
    moment()
    expect(await turns.take('b', 'backfill')).toBe(LANE + 50)
    expect(await turns.take('b', 'interactive')).toBe(1)
  })

  it('are given back for a job that waited already', async () => {
    const turns = openTurns()
    for (let i = 0; i < 1000; i++) {
      expect(await turns.take('a', 'interactive')).toBe(1)
      turns.giveBack('a', 'interactive')
    }
  })

  it('never leave their lane, however much waits', async () => {
    const turns = openTurns()
    head = LANE - 2
    for (let i = 0; i < 5; i++) expect(await turns.take('a', 'interactive')).toBeLessThan(LANE)
    head = 2 * LANE - 2
    moment()
    // The highest priority that BullMQ takes.
    for (let i = 0; i < 5; i++) expect(await turns.take('a', 'backfill')).toBeLessThanOrEqual(2 ** 21 - 1)
  })
})
