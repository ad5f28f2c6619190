// The SNS notifier: readable text for e-mail, JSON for every other subscriber, and attributes to filter by.
import type { SNSClient } from '@aws-sdk/client-sns'
import { ThumbsmithError } from '../errors.ts'
import { machineWordOf } from './notification.ts'
import type { Notifier } from './notifier.ts'

const TOPIC = /^arn:(?:aws|aws-cn|aws-us-gov):sns:([a-z0-9-]+):\d{12}:[\w-]{1,256}$/
const SUBJECT_MAX = 100
/** SNS refuses messages above 256 KiB; attributes and the JSON around the parts need some of that. */
const PART_MAX_BYTES = 100_000
const TIMEOUT_MS = 10_000

/** `topic` is its whole ARN, and no FIFO topic: those take no e-mail. Throws `config.invalid`. */
export function snsNotifier(name: string, topic: string): Notifier {
  const [, region] = TOPIC.exec(topic) ?? []
  if (!region)
    throw new ThumbsmithError('config.invalid', `The notifier ${name} has no topic. Write sns:arn:aws:sns:… in full.`)
  let client: SNSClient | undefined
  return {
    name,
    async send(notification) {
      // Read only now: nobody waits for word as for a picture.
      const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns')
      client ??= new SNSClient({ region, maxAttempts: 2 })
      const { id, outcome, subject, text } = notification
      const publish = new PublishCommand({
        TopicArn: topic,
        Subject: subjectOf(subject),
        MessageStructure: 'json',
        Message: JSON.stringify({
          default: JSON.stringify(machineWordOf(notification)),
          email: cut(text),
          sms: subject,
        }),
        MessageAttributes: {
          outcome: { DataType: 'String', StringValue: outcome },
          id: { DataType: 'String', StringValue: id },
        },
      })
      try {
        await client.send(publish, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) })
      } catch (error) {
        throw new ThumbsmithError('notifier.unavailable', undefined, { detail: String(error), cause: error })
      }
    },
  }
}

/** SNS takes subjects of up to 100 printable ASCII characters; file names are longer and hold others. The text has them whole. */
function subjectOf(subject: string): string {
  const printable = subject.replace(/[^\x20-\x7e]+/g, '?').trimStart()
  return printable.length > SUBJECT_MAX ? `${printable.slice(0, 40)}...${printable.slice(-57)}` : printable
}

function cut(text: string): string {
  const bytes = Buffer.from(text)
  return bytes.length > PART_MAX_BYTES ? `${bytes.subarray(0, PART_MAX_BYTES).toString()}…` : text
}
