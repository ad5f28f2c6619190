// What the render function does with a call: messages of SQS in, keys reconciled, and exactly the messages whose keys must be tried again handed back; a schedule sweeps.
import { toThumbsmithError } from '../errors.ts'
import { parseStoreEvents } from '../event/event.ts'
import type { Job } from '../queue/queue.ts'
import { parseSqsMessage } from '../queue/sqs-message.ts'
import type { Decoder } from '../render/decoder.ts'
import { readBuiltConfig } from './built-config.ts'
import { sqsUrlsOf } from './engine.ts'
import { type LambdaTime, sweepTurn } from './lambda-sweep.ts'
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
export interface BatchAnswer {
  batchItemFailures: { itemIdentifier: string }[]
}

/** A key is not begun with less time than this: the longest render, its reads and its writes. */
const BEGIN_WITH_MS = 25_000
/** What is kept to give an answer: one that comes too late is none, and every message would come again. */
const ANSWER_MS = 2_000
/** Deaths of the decoder on one key in a row; the manifest quarantines it before. */
const DEATHS_MAX = 3
const KEYS_AT_ONCE = 2

export type Handler = (event: RenderEvent, context: LambdaTime) => Promise<BatchAnswer | undefined>

/** The configuration and the stores, for as long as the process lives. The handler throws where nothing at all can be done, so that Lambda gives every message back. */
export async function openHandler(firstDecoder: Decoder | undefined): Promise<Handler> {
  const config = await readBuiltConfig(process.env)
  const running = await openRoad(config, openLog(config.logLevel), { render: false, firstDecoder })
  const urls = sqsUrlsOf(config)
  // Has a sweep go on after this call; on no queue of SQS the next schedule does that.
  const goOn = urls === undefined ? undefined : async () => (await import('../queue/sqs.ts')).sqsQueue(urls).goOn()
  return async (event, context) => {
    if (event.source === 'aws.events') {
      await sweepTurn(running, context, { begins: true, sendOn: goOn })
      return undefined
    }
    if (!event.Records) throw new Error('This is neither a batch of SQS nor a schedule of EventBridge.')
    return renderBatch(running, event.Records, context, goOn)
  }
}

/** What is not finished shortly before the function's end is handed back, so that what is finished is not done again. */
export async function renderBatch(
  running: RunningRoad,
  records: SqsRecord[],
  context: LambdaTime,
  goOn?: () => Promise<void>,
): Promise<BatchAnswer> {
  const { handBack, wanted, sweeps } = sort(running, records)
  const waiting = [...wanted.values()]
  const unfinished = new Set(waiting)
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      if (await isDone(running, next.job, context)) unfinished.delete(next)
  }
  const end = endOf(context)
  await Promise.race([Promise.all(Array.from({ length: KEYS_AT_ONCE }, work)), end.came])
  for (const { messages } of unfinished) for (const messageId of messages) handBack.add(messageId)
  if (sweeps.length) {
    const turn = sweepTurn(running, context, { begins: false, sendOn: goOn }).then(
      () => true,
      (thrown: unknown) => {
        const { message, detail } = toThumbsmithError(thrown)
        running.road.log.error({ detail }, message)
        return false
      },
    )
    if (!(await Promise.race([turn, end.came]))) for (const messageId of sweeps) handBack.add(messageId)
  }
  // Whoever is not told in time is told by a later call.
  await Promise.race([running.told(), end.came])
  end.forget()
  return { batchItemFailures: [...handBack].map((itemIdentifier) => ({ itemIdentifier })) }
}

/** Resolves with `false` when it is time to answer. */
function endOf(context: LambdaTime): { came: Promise<false>; forget(): void } {
  let timer: NodeJS.Timeout | undefined
  const came = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, context.getRemainingTimeInMillis() - ANSWER_MS))
  })
  return { came, forget: () => clearTimeout(timer) }
}

interface Wanted {
  job: Job
  /** Every message that asked for it. */
  messages: string[]
}

interface Sorted {
  /** Nobody knows what these are, and somebody should look at them. */
  handBack: Set<string>
  /** By key: each is looked at once. */
  wanted: Map<string, Wanted>
  /** Messages that say that a sweep goes on. */
  sweeps: string[]
}

function sort({ stores, road }: RunningRoad, records: SqsRecord[]): Sorted {
  const sorted: Sorted = { handBack: new Set(), wanted: new Map(), sweeps: [] }
  const want = (job: Job, messageId: string) => {
    const known = sorted.wanted.get(job.key)
    sorted.wanted.set(job.key, {
      job: { key: job.key, refresh: (job.refresh || known?.job.refresh) ?? false },
      messages: [...(known?.messages ?? []), messageId],
    })
  }
  for (const { messageId, body } of records) {
    const message = parseSqsMessage(body)
    if (message && 'sweep' in message) sorted.sweeps.push(messageId)
    else if (message) want(message, messageId)
    else {
      const { events, isForeign } = parseStoreEvents(body)
      if (isForeign) {
        sorted.handBack.add(messageId)
        road.log.error({ messageId }, 'a message that is no job and no event of a store; it will be set aside')
      } else for (const key of events.map(stores.keyOf)) if (key !== undefined) want({ key }, messageId)
    }
  }
  return sorted
}

/** Keys whose look went on after its call had to answer; a frozen process takes it up again at the next call. */
const stillBusy = new WeakMap<RunningRoad, Set<string>>()

/** `false`: to be tried again, later. */
async function isDone(running: RunningRoad, job: Job, context: LambdaTime): Promise<boolean> {
  const busy = stillBusy.get(running) ?? new Set()
  stillBusy.set(running, busy)
  if (busy.has(job.key)) return false
  busy.add(job.key)
  try {
    return await isLookedAt(running, job, context)
  } finally {
    busy.delete(job.key)
  }
}

async function isLookedAt({ look, road }: RunningRoad, job: Job, context: LambdaTime): Promise<boolean> {
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
