// What a Redis does when its memory is full: anything but `noeviction` throws jobs away.
import { Redis } from 'ioredis'

const ANSWER_WITHIN_MS = 3_000

/** `noeviction`, `allkeys-lru` and so on; `undefined` where the server does not say. */
export async function evictionPolicy(url: string): Promise<string | undefined> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, commandTimeout: ANSWER_WITHIN_MS })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1]
  } finally {
    redis.disconnect()
  }
}
