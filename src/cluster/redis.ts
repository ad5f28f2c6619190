// The cluster on Redis: messages by publish and subscribe, presence by a channel that each process listens on, the lead by a key that expires.
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { ThumbsmithError } from '../errors.ts'
import { openOutages } from '../outages.ts'
import { openSpeaker } from '../speaker.ts'
import type { Cluster, ClusterOptions } from './cluster.ts'

const ANSWER_WITHIN_MS = 3_000
const LEAD_MS = 30_000
const LEAD_RENEWED_EVERY_MS = 10_000
const LOCK_MS = 60_000
/** Only the holder's own. */
const RELEASE = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0"

/** Throws `queue.unavailable` where Redis cannot be reached now. */
export async function redisCluster({ url, name, instance }: ClusterOptions): Promise<Cluster> {
  const messages = `${name}:messages`
  const presence = (of: string) => `${name}:present:${of}`
  const lead = `${name}:lead`
  const retryStrategy = (times: number) => Math.min(times * 100, 1000)
  const common = {
    retryStrategy,
    connectTimeout: ANSWER_WITHIN_MS,
    // While Redis still reads its data.
    maxLoadingRetryTime: 1000,
    lazyConnect: true,
    enableOfflineQueue: false,
  }
  const ask = new Redis(url, { ...common, maxRetriesPerRequest: 0, commandTimeout: ANSWER_WITHIN_MS })
  const hear = new Redis(url, { ...common, autoResubscribe: false })
  // Each call that fails says so itself, and ioredis connects again.
  for (const connection of [ask, hear]) connection.on('error', () => {})

  let onMessage: (message: string) => void = () => {}
  let onGap = () => {}
  let renewing: NodeJS.Timeout | undefined

  const speaker = openSpeaker(instance, (texts) => Promise.all(texts.map((text) => ask.publish(messages, text))))
  hear.on('message', (_channel, text: string) => speaker.hear(text, { onMessage, onGap }))

  async function answer<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked
    } catch (error) {
      throw new ThumbsmithError('queue.unavailable', undefined, { detail: String(error), cause: error })
    }
  }
  const listen = () => hear.subscribe(messages, presence(instance))
  async function leads(): Promise<boolean> {
    if ((await ask.set(lead, instance, 'PX', LEAD_MS, 'NX')) === 'OK') return true
    if ((await ask.get(lead)) !== instance) return false
    await ask.pexpire(lead, LEAD_MS)
    return true
  }

  try {
    await answer(Promise.all([ask.connect(), hear.connect()]).then(listen))
  } catch (error) {
    ask.disconnect()
    hear.disconnect()
    throw error
  }
  const outages = openOutages()
  hear.on('ready', () => {
    outages.over()
    // Who cannot listen connects again, and listens then.
    void listen().then(onGap, () => hear.disconnect(true))
  })

  return {
    publish: speaker.say,
    subscribe(message, gap) {
      onMessage = message
      onGap = gap
    },
    async isPresent(other) {
      const [, theirs, , own] = await answer(ask.pubsub('NUMSUB', presence(other), presence(instance)))
      return Number(theirs) > 0 || Number(own) === 0 || outages.isRecent()
    },
    async leads() {
      const led = await answer(leads())
      if (led) renewing ??= setInterval(() => void leads().catch(() => {}), LEAD_RENEWED_EVERY_MS).unref()
      return led
    },
    async tryLock(of) {
      const [key, token] = [`${name}:lock:${of}`, randomUUID()]
      if ((await answer(ask.set(key, token, 'PX', LOCK_MS, 'NX'))) !== 'OK') return undefined
      return {
        isHeld: async () => (await answer(ask.get(key))) === token,
        release: async () => void (await answer(ask.eval(RELEASE, 1, key, token))),
      }
    },
    async close() {
      clearInterval(renewing)
      await speaker.close(ANSWER_WITHIN_MS)
      if (renewing && (await ask.get(lead).catch(() => {})) === instance) await ask.del(lead).catch(() => {})
      ask.disconnect()
      hear.disconnect()
    },
  }
}
