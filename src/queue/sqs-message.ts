// What our own messages on SQS say; known without the SDK, so that who reads them starts fast.
import { z } from 'zod'
import type { Job } from './queue.ts'

const messageSchema = z.strictObject({
  thumbsmith: z.union([
    z.strictObject({ key: z.string().min(1), refresh: z.boolean().default(false) }),
    z.strictObject({ sweep: z.literal('goes on') }),
  ]),
})

export type SqsMessage = Job | { sweep: 'goes on' }

/** A message's body as a job, or as word that a sweep is not finished; `undefined` where it is something else. */
export function parseSqsMessage(body: string): SqsMessage | undefined {
  try {
    return messageSchema.parse(JSON.parse(body)).thumbsmith
  } catch {
    return undefined
  }
}

export function sqsMessage(message: SqsMessage): string {
  if ('sweep' in message) return JSON.stringify({ thumbsmith: message })
  const { key, refresh } = message
  return JSON.stringify({ thumbsmith: refresh ? { key, refresh } : { key } })
}
