// Messages that SQS has set aside, back to the queue they came from: found by its redrive policy, and deleted only when they were sent.
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { ThumbsmithError } from '../errors.ts'
import { answered, parseSqsUrls } from './sqs.ts'

/** One that was sent back and has failed again meanwhile is left for the next time; clocks may differ by this. */
const CLOCKS_MS = 60_000
/** SQS asks only some of its servers unless one waits. */
const WAIT_SECONDS = 2
/** As long as it takes to send ten messages, by far. */
const HIDDEN_SECONDS = 60

/**
 * `urls` as for `sqsQueue`. `onBatch` is told how many were sent back so far. Returns how many in all. Throws `config.invalid` where the
 * queue has no dead-letter queue, `queue.unavailable`.
 */
export async function replayDead(urls: string, onBatch: (count: number) => void = () => {}): Promise<number> {
  const { interactive } = parseSqsUrls(urls)
  const client = new SQSClient({ maxAttempts: 3 })
  const before = Date.now() + CLOCKS_MS
  try {
    const dead = await deadLetterQueueOf(client, interactive)
    let count = 0
    for (;;) {
      const { Messages = [] } = await answered(
        client.send(
          new ReceiveMessageCommand({
            QueueUrl: dead,
            MaxNumberOfMessages: 10,
            WaitTimeSeconds: WAIT_SECONDS,
            VisibilityTimeout: HIDDEN_SECONDS,
            MessageSystemAttributeNames: ['SentTimestamp'],
          }),
        ),
      )
      const old = Messages.filter(({ Attributes }) => Number(Attributes?.SentTimestamp ?? 0) < before)
      if (old.length === 0) return count
      for (const { Body = '', ReceiptHandle } of old) {
        await answered(client.send(new SendMessageCommand({ QueueUrl: interactive, MessageBody: Body })))
        await answered(client.send(new DeleteMessageCommand({ QueueUrl: dead, ReceiptHandle })))
        count++
      }
      onBatch(count)
    }
  } finally {
    client.destroy()
  }
}

/** Where SQS puts what was taken too often. */
async function deadLetterQueueOf(client: SQSClient, url: string): Promise<string> {
  const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] })
  const { Attributes } = await answered(client.send(asked))
  const policy = JSON.parse(Attributes?.RedrivePolicy ?? '{}') as { deadLetterTargetArn?: string }
  const name = policy.deadLetterTargetArn?.split(':').at(-1)
  if (!name)
    throw new ThumbsmithError('config.invalid', `The queue ${url} sets nothing aside: it has no redrive policy.`)
  const { QueueUrl = '' } = await answered(client.send(new GetQueueUrlCommand({ QueueName: name })))
  return QueueUrl
}
