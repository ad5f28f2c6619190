// Store events wired to the queue: who may send them follows from the configuration, and each becomes a look at its key.

import type { BucketEvent } from '../event/event.ts'
import { snsGate } from '../event/sns.ts'
import type { Services } from '../http/services.ts'
import type { Job } from '../queue/queue.ts'
import { ruleFor } from '../rule.ts'
import type { Config } from '../settings.ts'
import type { RunningRoad } from './road.ts'
import { parseUrl } from './stores.ts'

type OnRemoved = (key: string) => void

/** The events that come to `POST /events/s3`; `undefined` where neither a secret nor a topic is set: then there is no such door. */
export function openStoreEvents(config: Config, running: RunningRoad, onRemoved: OnRemoved): Services['storeEvents'] {
  const { eventsSecret, eventsTopics } = config
  const { log } = running.road
  if (!eventsSecret && !eventsTopics.length) return undefined
  const onSubscription = (topic: string, error?: unknown) =>
    error === undefined
      ? log.info({ topic }, 'a subscription to store events was confirmed')
      : log.warn({ topic, detail: String(error) }, 'a subscription to store events could not be confirmed')
  return {
    secret: eventsSecret || undefined,
    admitsSns: eventsTopics.length ? snsGate({ topics: eventsTopics, onSubscription }) : undefined,
    onEvent: looker(running, running.queue.enqueue, onRemoved),
  }
}

/** The events that wait in a queue of SQS; `undefined` where none is named. Throws `config.invalid`. */
export async function openEventsQueue({ eventsQueue }: Config, running: RunningRoad, onRemoved: OnRemoved) {
  if (!eventsQueue) return undefined
  const { sqsSource } = await import('../event/sqs-source.ts')
  const { log } = running.road
  const look = looker(running, running.offer, onRemoved)
  return sqsSource({
    url: parseUrl('THUMBSMITH_EVENTS_QUEUE', eventsQueue, ['sqs']).rest,
    async onEvents(events) {
      await Promise.all(events.map(look))
    },
    onForeign: (messageId, why) =>
      log.warn({ messageId, why }, 'a message in the queue of events is none of a store, and was left there'),
    onTrouble: (detail) => log.warn({ detail }, 'store events could not be taken from their queue; they wait there'),
  })
}

function looker({ road, stores }: RunningRoad, enqueue: (job: Job) => Promise<void>, onRemoved: OnRemoved) {
  return async (event: BucketEvent) => {
    const key = stores.keyOf(event)
    // Our own renditions and state tell of themselves too, where they share the bucket.
    if (key === undefined || !ruleFor(road.rules, key)) return
    if (event.kind === 'removed') onRemoved(key)
    else await enqueue({ key, priority: 'interactive' })
  }
}
