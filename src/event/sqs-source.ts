// Store events out of an SQS queue: each message is deleted once what it tells is under way, and comes again until then.
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { ThumbsmithError } from '../errors.ts'
import { type BucketEvent, parseStoreEvents } from './event.ts'

export interface SqsSourceOptions {
  /** Of the queue. */
  url: string
  /** The events of one message. What it throws has the message come again. */
  onEvents(events: BucketEvent[]): Promise<void>
  /** Told of a message that no store sent; it is left to the queue, which sets it aside if it has a redrive policy. */
  onForeign(messageId: string, why: string[]): void
  /** Told of every call that failed and will be made again. */
  onTrouble(detail: string): void
}

/** The longest that SQS waits for a message. */
const WAIT_SECONDS = 20
const AT_ONCE = 10
const PAUSE_FIRST_MS = 1_000
const PAUSE_MAX_MS = 30_000

/** Takes messages until it is closed; `close` lets those end that were taken. Throws `config.invalid` where the address is none. */
export function sqsSource({ url, onEvents, onForeign, onTrouble }: SqsSourceOptions): { close(): Promise<void> } {
  if (!URL.canParse(url))
    throw new ThumbsmithError(
      'config.invalid',
      'THUMBSMITH_EVENTS_QUEUE has no queue. Write sqs:https://sqs.….amazonaws.com/…',
    )
  const QueueUrl = url
  const client = new SQSClient({ maxAttempts: 1 })
  const stop = new AbortController()

  async function take(): Promise<void> {
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: AT_ONCE, WaitTimeSeconds: WAIT_SECONDS })
    const { Messages = [] } = await client.send(receive, { abortSignal: stop.signal })
    const isDone = await Promise.all(Messages.map(isUnderWay))
    const Entries = Messages.filter((_, i) => isDone[i]).map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle }))
    if (Entries.length) await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
  }

  async function isUnderWay({ MessageId = '', Body = '' }: Message): Promise<boolean> {
    const { events, ignored, isForeign } = parseStoreEvents(Body)
    try {
      await onEvents(events)
    } catch (error) {
      onTrouble(String(error))
      return false
    }
    if (isForeign) onForeign(MessageId, ignored)
    return !isForeign
  }

  const taking = (async () => {
    for (let failures = 0; !stop.signal.aborted; ) {
      try {
        await take()
        failures = 0
      } catch (error) {
        if (stop.signal.aborted) return
        onTrouble(String(error))
        const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** failures++)
        await sleep(pauseMs, undefined, { signal: stop.signal, ref: false }).catch(() => {})
      }
    }
  })()

  return {
    async close() {
      stop.abort()
      await taking
      client.destroy()
    },
  }
}
