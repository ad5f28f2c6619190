// The worker: takes jobs from a queue that it shares with servers and other workers, and renders; nothing else.

import { ThumbsmithError } from '../errors.ts'
import type { Config } from '../settings.ts'
import { engineOf } from './engine.ts'
import { openLog } from './log.ts'
import { openRoad } from './road.ts'
import { stopWhenTold } from './stop.ts'
import { VERSION } from './version.ts'

const HEALTH_EVERY_MS = 60_000

/** `thumbsmith worker`: runs until it is told to stop; says once a minute how much there is to do. */
export async function runWorker(config: Config): Promise<void> {
  if (!engineOf(config))
    throw new ThumbsmithError(
      'config.invalid',
      'A worker needs a queue that it shares with a server: set THUMBSMITH_QUEUE to a redis: or postgres: address.',
    )
  const log = openLog(config.logLevel)
  const { queue, close } = await openRoad(config, log)
  process.stdout.write(`thumbsmith ${VERSION} is working\n`)
  const health = setInterval(() => {
    queue.depth().then(
      (depth) => log.info({ ...depth, memoryBytes: process.memoryUsage.rss() }, 'working'),
      (error: ThumbsmithError) => log.warn({ detail: error.detail }, error.message),
    )
  }, HEALTH_EVERY_MS)
  stopWhenTold(log, async () => {
    clearInterval(health)
    await close()
  })
}
