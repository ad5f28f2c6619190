// The queue on SQS, from the side of those who ask: who works is called by Lambda with the messages.
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { z } from 'zod'
import { ThumbsmithError } from '../errors.ts'
import type { Job, Queue } from './queue.ts'

const TIMEOUT_MS = 3_000
const jobSchema = z.strictObject({
  thumbsmith: z.strictObject({ key: z.string().min(1), refresh: z.boolean().optional() }),
})

/** A message's body as one of our jobs; `undefined` where it is something else. */
export function parseSqsJob(body: string): Job | undefined {
  try {
    const { key, refresh = false } = jobSchema.parse(JSON.parse(body)).thumbsmith
    return { key, refresh }
  } catch {
    return undefined
  }
}

/**
 * `urls` is the address of a queue, and after a comma that of another for backfill. Unlike other queues it does not merge the jobs of a
 * key: the second finds nothing to do. Throws `config.invalid`.
 */
export function sqsQueue(urls: string): Queue {
  const [interactive = '', backfill = interactive] = urls.split(',')
  const invalid = (message: string) => new ThumbsmithError('config.invalid', message)
  for (const url of [interactive, backfill])
    if (!URL.canParse(url)) throw invalid('THUMBSMITH_QUEUE has no queue. Write sqs:https://sqs.….amazonaws.com/…')
  const client = new SQSClient({ maxAttempts: 2 })

  async function answered<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      throw new ThumbsmithError('queue.unavailable', undefined, { detail: String(error), cause: error })
    }
  }

  return {
    async enqueue({ key, refresh, priority }) {
      const send = new SendMessageCommand({
        QueueUrl: priority === 'backfill' ? backfill : interactive,
        MessageBody: JSON.stringify({ thumbsmith: refresh ? { key, refresh } : { key } }),
      })
      await answered(client.send(send, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) }))
    },
    async run() {
      throw invalid('Jobs in SQS are taken by Lambda only. Set THUMBSMITH_QUEUE to memory:, redis: or postgres: here.')
    },
    async depth() {
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
      client.destroy()
    },
  }
}
