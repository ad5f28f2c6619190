// A sweep in turns: where the function's time runs out, what is left is written down, and a message has the next call go on from there.
import { RESERVED_PREFIX } from '../original.ts'
import { readAll } from '../storage/storage.ts'
import type { SweepCursor } from '../sweep.ts'
import type { RunningRoad } from './road.ts'

/** What Lambda tells a function of its own time. */
export interface LambdaTime {
  getRemainingTimeInMillis(): number
}

const AT = `${RESERVED_PREFIX}sweep`
const VERSION = 1
/** What a turn leaves, to end its last looks and to write down how far it came. */
const ENDS_MS = 10_000
/** Word to go on travels behind the jobs of the backfill; what was not heard of for so long has lost it. */
const LOST_AFTER_MS = 60 * 60_000
/** With every key of a million originals that are gone. */
const MAX_BYTES = 1_100_000_000

interface Turn {
  /** A schedule begins a sweep; a message goes on with the one that was begun. */
  begins: boolean
  /** Sends that message. Without it, the next schedule goes on. */
  sendOn: (() => Promise<void>) | undefined
}

/** Looks at as much as there is time for. Throws where a store is away. */
export async function sweepTurn({ sweep, road, told }: RunningRoad, context: LambdaTime, turn: Turn): Promise<void> {
  const stored = await road.state.head(AT)
  if (turn.begins && turn.sendOn && stored && Date.now() - stored.modified.getTime() < LOST_AFTER_MS) {
    road.log.info({}, 'the last sweep has not ended and goes on')
    return
  }
  if (!turn.begins && !stored) return
  const signal = AbortSignal.timeout(Math.max(1, context.getRemainingTimeInMillis() - ENDS_MS))
  const body = stored && (await road.state.get(AT))
  const from = body && parseCursor(await readAll(body.stream, MAX_BYTES))
  const { rest, ...result } = await sweep({ signal, from })
  if (rest) {
    const bytes = Buffer.from(JSON.stringify({ version: VERSION, rest }))
    await road.state.put(AT, bytes, { contentType: 'application/json' })
    await turn.sendOn?.()
    road.log.info(result, 'swept as far as there was time; it goes on')
  } else {
    if (stored) await road.state.delete(AT)
    road.log.info(result, 'swept')
  }
  await told()
}

/** `undefined`, to begin anew, where another version wrote it. */
function parseCursor(bytes: Uint8Array): SweepCursor | undefined {
  const { version, rest } = JSON.parse(Buffer.from(bytes).toString()) as { version: number; rest: SweepCursor }
  return version === VERSION ? rest : undefined
}
