// Whose turn it is: each job gets a number when it is queued, so that owners are served in turns however many jobs one of them has waiting.
import type { Job } from './queue.ts'

export type LaneName = NonNullable<Job['priority']>

export interface Turns {
  /** The BullMQ priority (1 is served first) of one more job of this owner. */
  take(owner: string, lane: LaneName): Promise<number>
  /** The job that a turn was taken for waits already. */
  giveBack(owner: string, lane: LaneName): void
}

/** BullMQ's priorities go to 2^21 - 1: the lower half is interactive, the upper half backfill. */
const LANE_TURNS = 2 ** 20
const HEAD_FRESH_MS = 50
const OWNERS_KEPT = 10_000

/**
 * Start-time fair queueing (Goyal 1996): an owner's next job comes one turn after its last one, but never before the turn being served now,
 * which is that of the head of the queue (`readHead`: its priority, `undefined` where nothing waits). So nobody saves up turns while idle,
 * nobody is punished for having used idle workers, and nothing but the queue itself is shared between the servers.
 */
export function bullmqTurns(readHead: () => Promise<number | undefined>): Turns {
  const lanes = {
    interactive: { base: 0, now: 1, last: new Map<string, number>() },
    backfill: { base: LANE_TURNS, now: 1, last: new Map<string, number>() },
  }
  let head: Promise<void> | undefined
  let freshUntil = 0

  function restart(lane: LaneName): void {
    lanes[lane].now = 1
    lanes[lane].last.clear()
  }

  async function lookAtHead(): Promise<void> {
    const priority = await readHead()
    if (priority === undefined) restart('backfill')
    // Backfill is served only where nothing interactive waits.
    if (priority === undefined || priority >= LANE_TURNS) restart('interactive')
    if (priority !== undefined) {
      const lane = priority >= LANE_TURNS ? lanes.backfill : lanes.interactive
      lane.now = Math.max(1, priority - lane.base)
    }
    freshUntil = Date.now() + HEAD_FRESH_MS
  }

  return {
    async take(owner, name) {
      if (!head && Date.now() >= freshUntil)
        head = lookAtHead().finally(() => {
          head = undefined
        })
      await head
      const lane = lanes[name]
      const turn = Math.min(Math.max(lane.now, (lane.last.get(owner) ?? 0) + 1), LANE_TURNS - 1)
      lane.last.set(owner, turn)
      if (lane.last.size > OWNERS_KEPT)
        for (const [other, last] of lane.last) if (last < lane.now) lane.last.delete(other)
      return lane.base + turn
    },
    giveBack(owner, name) {
      const last = lanes[name].last.get(owner)
      if (last !== undefined) lanes[name].last.set(owner, last - 1)
    },
  }
}
