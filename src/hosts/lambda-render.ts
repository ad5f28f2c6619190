// Rendering as a Lambda: messages of SQS in, keys reconciled, and exactly the messages whose keys must be tried again handed back; a schedule sweeps.
import { readConfig } from '../config.ts'
import { toThumbsmithError } from '../errors.ts'
import { parseStoreEvents } from '../event/event.ts'
import type { Job } from '../queue/queue.ts'
import { parseSqsJob } from '../queue/sqs.ts'
import { openLog } from './log.ts'
import { openRoad, type RunningRoad } from './road.ts'

export interface SqsRecord {
  messageId: string
  body: string
}
export interface RenderEvent {
  Records?: SqsRecord[]
  /** EventBridge's schedules say `aws.events`. */
  source?: string
}
export interface LambdaTime {
  getRemainingTimeInMillis(): number
}
export interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[]
}

/** A key is not begun with less time than this: the longest render, its reads and its writes. */
const BEGIN_WITH_MS = 25_000
/** What a sweep leaves, to end in order. */
const SWEEP_ENDS_MS = 10_000
/** Deaths of the decoder on one key in a row; the manifest quarantines it before. */
const DEATHS_MAX = 3
const KEYS_AT_ONCE = 2

let opening: Promise<RunningRoad> | undefined

/** The configuration and the stores, once for the life of the process. */
function opened(): Promise<RunningRoad> {
  opening ??= (async () => {
    const config = readConfig(process.env)
    return openRoad(config, openLog(config.logLevel), { render: false })
  })()
  opening.catch(() => {
    opening = undefined
  })
  return opening
}

/** Throws where nothing at all can be done, so that Lambda gives every message back. */
export async function handler(event: RenderEvent, context: LambdaTime): Promise<BatchAnswer | undefined> {
  const running = await opened()
  if (event.source === 'aws.events') return sweepNow(running, context)
  if (!event.Records) throw new Error('This is neither a batch of SQS nor a schedule of EventBridge.')
  return renderBatch(running, event.Records, context)
}

async function sweepNow({ sweep, told, road }: RunningRoad, context: LambdaTime): Promise<undefined> {
  const signal = AbortSignal.timeout(Math.max(1, context.getRemainingTimeInMillis() - SWEEP_ENDS_MS))
  const result = await sweep({ signal })
  await told()
  if (signal.aborted)
    road.log.error(result, 'there was no time to compare everything; run `thumbsmith apply` elsewhere')
  else road.log.info(result, 'swept')
}

export async function renderBatch(
  running: RunningRoad,
  records: SqsRecord[],
  context: LambdaTime,
): Promise<BatchAnswer> {
  const { log } = running.road
  const failed = new Set<string>()
  const wanted = new Map<string, { job: Job; messages: string[] }>()
  for (const { messageId, body } of records) {
    const jobs = jobsIn(running, body)
    if (!jobs) {
      failed.add(messageId)
      log.error({ messageId }, 'a message that is no job and no event of a store; it will end in the dead-letter queue')
    }
    for (const job of jobs ?? []) {
      const known = wanted.get(job.key)
      wanted.set(job.key, {
        job: { key: job.key, refresh: (job.refresh || known?.job.refresh) ?? false },
        messages: [...(known?.messages ?? []), messageId],
      })
    }
  }
  const waiting = [...wanted.values()]
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      if (!(await isDone(running, next.job, context))) for (const messageId of next.messages) failed.add(messageId)
  }
  await Promise.all(Array.from({ length: KEYS_AT_ONCE }, work))
  await running.told()
  return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) }
}

/** `undefined`: nobody knows what this is, and somebody should look at it. */
function jobsIn({ stores }: RunningRoad, body: string): Job[] | undefined {
  const job = parseSqsJob(body)
  if (job) return [job]
  const { events, isForeign } = parseStoreEvents(body)
  if (isForeign) return undefined
  return events.map(stores.keyOf).flatMap((key) => (key === undefined ? [] : { key }))
}

/** `false`: to be tried again, later. */
async function isDone({ look, road }: RunningRoad, job: Job, context: LambdaTime): Promise<boolean> {
  for (let deaths = 0; context.getRemainingTimeInMillis() > BEGIN_WITH_MS; deaths++) {
    try {
      await look(job)
      return true
    } catch (thrown) {
      const { message, detail, retry } = toThumbsmithError(thrown)
      road.log[retry === 'never' ? 'error' : 'warn']({ key: job.key, detail }, message)
      if (retry !== 'lethal' || deaths + 1 >= DEATHS_MAX) return retry === 'never'
    }
  }
  return false
}
