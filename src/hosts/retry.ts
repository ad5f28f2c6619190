// `thumbsmith retry`: has every original that failed looked at anew; with --dlq, sends back what SQS has set aside.
import { openCatalogue } from '../catalogue.ts'
import { ThumbsmithError, toThumbsmithError } from '../errors.ts'
import { stateOf } from '../manifest.ts'
import type { Config } from '../settings.ts'
import { MANIFESTS, readManifestAt } from '../state.ts'
import { listAll } from '../storage/storage.ts'
import { settled } from './apply-all.ts'
import { sqsUrlsOf } from './engine.ts'
import { openLog } from './log.ts'
import { openRoad } from './road.ts'

/** Returns the exit code: 1 where some could not be looked at. */
export async function retry(config: Config, { dlq }: { dlq?: boolean }, say: (line: string) => void): Promise<number> {
  return dlq ? retryDead(config, say) : retryFailed(config, say)
}

async function retryDead(config: Config, say: (line: string) => void): Promise<number> {
  const urls = sqsUrlsOf(config)
  if (urls === undefined)
    throw new ThumbsmithError(
      'config.invalid',
      'Only SQS sets messages aside: set THUMBSMITH_QUEUE to sqs:https://…, or run `thumbsmith retry` without --dlq.',
    )
  const { replayDead } = await import('../queue/sqs-dead.ts')
  const count = await replayDead(urls, (soFar) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${soFar} messages sent back   `)
  })
  say(`${count} ${count === 1 ? 'message was' : 'messages were'} sent back to the queue`)
  return 0
}

async function retryFailed(config: Config, say: (line: string) => void): Promise<number> {
  const isForLambda = sqsUrlsOf(config) !== undefined
  const running = await openRoad(config, openLog(config.logLevel), { render: !isForLambda })
  const { road, stores, queue, close } = running
  try {
    const { rules, presets, state, feed, log } = road
    const catalogue = openCatalogue({ rules, presets, originals: stores.originals, state, queue, feed })
    let count = 0
    let unread = 0
    for await (const { key } of listAll(state, { prefix: MANIFESTS })) {
      try {
        const manifest = await readManifestAt(state, key)
        if (!manifest || !['failed', 'partial'].includes(stateOf(manifest))) continue
        await catalogue.retry(manifest.key)
        count++
      } catch (thrown) {
        const error = toThumbsmithError(thrown)
        unread++
        log.error({ key, detail: error.detail }, error.message)
      }
    }
    if (!isForLambda) await settled(queue)
    say(`${count} ${count === 1 ? 'original is' : 'originals are'} tried again`)
    return unread ? 1 : 0
  } finally {
    await close()
  }
}
