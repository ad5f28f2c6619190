// The queue on SQS, from the side of those who ask: who works is called by Lambda with the messages.
import type { SQSClient } from '@aws-sdk/client-sqs'
import { ThumbsmithError } from '../errors.ts'
import type { Job, Queue } from './queue.ts'
import { sqsMessage } from './sqs-message.ts'

const TIMEOUT_MS = 3_000

export interface SqsQueue extends Queue {
  enqueueLater(job: Job, delayMs: number): Promise<void>
  /** Has whoever takes jobs go on with the sweep, after the backfill that waits now. */
  goOn(): Promise<void>
}

const invalid = (message: string) => new ThumbsmithError('config.invalid', message)

/** Two queues, or one for both lanes. Throws `config.invalid`. */
export function parseSqsUrls(urls: string): { interactive: string; backfill: string } {
  const [interactive = '', backfill = interactive] = urls.split(',')
  for (const url of [interactive, backfill])
    if (!URL.canParse(url)) throw invalid('THUMBSMITH_QUEUE has no queue. Write sqs:https://sqs.….amazonaws.com/…')
  return { interactive, backfill }
}

/** Throws `queue.unavailable` where SQS does not answer, or refuses. */
export async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw new ThumbsmithError('queue.unavailable', undefined, { detail: String(error), cause: error })
  }
}

/**
 * `urls` is the address of a queue, and after a comma that of another for backfill. Unlike other queues it does not merge the jobs of a
 * key: the second finds nothing to do. Throws `config.invalid`.
 */
export function sqsQueue(urls: string): SqsQueue {
  const { interactive, backfill } = parseSqsUrls(urls)
  let opened: SQSClient | undefined

  /** Read and opened only on demand: who takes jobs from Lambda sends few, and starts while somebody waits. */
  async function open() {
    const { GetQueueAttributesCommand, SendMessageCommand, SQSClient } = await import('@aws-sdk/client-sqs')
    opened ??= new SQSClient({ maxAttempts: 2 })
    return { client: opened, GetQueueAttributesCommand, SendMessageCommand }
  }

  async function send(url: string, body: string, delayMs = 0): Promise<void> {
    const { client, SendMessageCommand } = await open()
    const command = new SendMessageCommand({
      QueueUrl: url,
      MessageBody: body,
      ...(delayMs && { DelaySeconds: Math.ceil(delayMs / 1000) }),
    })
    await answered(client.send(command, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) }))
  }

  return {
    enqueue: (job) => send(job.priority === 'backfill' ? backfill : interactive, sqsMessage(job)),
    enqueueLater: (job, delayMs) => send(backfill, sqsMessage(job), delayMs),
    goOn: () => send(backfill, sqsMessage({ sweep: 'goes on' })),
    async run() {
      throw invalid('Jobs in SQS are taken by Lambda only. Set THUMBSMITH_QUEUE to memory:, redis: or postgres: here.')
    },
    async depth() {
      const { client, GetQueueAttributesCommand } = await open()
      const counts = await Promise.all(
        [...new Set([interactive, backfill])].map(async (url) => {
          const { Attributes: of = {} } = await answered(
            client.send(
              new GetQueueAttributesCommand({
                QueueUrl: url,
                AttributeNames: [
                  'ApproximateNumberOfMessages',
                  'ApproximateNumberOfMessagesDelayed',
                  'ApproximateNumberOfMessagesNotVisible',
                ],
              }),
            ),
          )
          const waiting = Number(of.ApproximateNumberOfMessages) + Number(of.ApproximateNumberOfMessagesDelayed)
          return { waiting, running: Number(of.ApproximateNumberOfMessagesNotVisible) }
        }),
      )
      return counts.reduce((sum, { waiting, running }) => ({
        waiting: sum.waiting + waiting,
        running: sum.running + running,
      }))
    },
    async close() {
      opened?.destroy()
    },
  }
}
