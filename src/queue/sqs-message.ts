// What our own messages on SQS say; known without the SDK, so that who reads them starts fast.
import type { Job } from './queue.ts'

export type SqsMessage = Job | { sweep: 'goes on' }

/** A message's body as a job, or as word that a sweep is not finished; `undefined` where it is something else. */
export function parseSqsMessage(body: string): SqsMessage | undefined {
  try {
    const { key, refresh = false, sweep } = JSON.parse(body).thumbsmith
    if (sweep === 'goes on') return { sweep }
    return typeof key === 'string' && key !== '' && typeof refresh === 'boolean' ? { key, refresh } : undefined
  } catch {
    return undefined
  }
}

export function sqsMessage(message: SqsMessage): string {
  if ('sweep' in message) return JSON.stringify({ thumbsmith: message })
  const { key, refresh } = message
  return JSON.stringify({ thumbsmith: refresh ? { key, refresh } : { key } })
}
