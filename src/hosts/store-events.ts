// Store events wired to the queue: who may send them follows from the configuration, and each becomes a look at its key.
import type { Config } from '../config.ts'
import { snsGate } from '../event/sns.ts'
import type { Services } from '../http/services.ts'
import { ruleFor } from '../rule.ts'
import type { RunningRoad } from './road.ts'

/** `undefined` where neither a secret nor a topic is set: then there is no such door. */
export function openStoreEvents(
  config: Config,
  { road, stores, queue }: RunningRoad,
  onRemoved: (key: string) => void,
): Services['storeEvents'] {
  const { eventsSecret, eventsTopics } = config
  if (!eventsSecret && !eventsTopics.length) return undefined
  const onSubscription = (topic: string, error?: unknown) =>
    error === undefined
      ? road.log.info({ topic }, 'a subscription to store events was confirmed')
      : road.log.warn({ topic, detail: String(error) }, 'a subscription to store events could not be confirmed')
  return {
    secret: eventsSecret || undefined,
    admitsSns: eventsTopics.length ? snsGate({ topics: eventsTopics, onSubscription }) : undefined,
    async onEvent(event) {
      const key = stores.keyOf(event)
      // Our own renditions and state tell of themselves too, where they share the bucket.
      if (key === undefined || !ruleFor(road.rules, key)) return
      if (event.kind === 'removed') onRemoved(key)
      else await queue.enqueue({ key, priority: 'interactive' })
    },
  }
}
