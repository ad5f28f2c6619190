// Where stores tell of new and removed objects: known senders are always thanked at once, whatever they sent, and strangers cost nothing.
import { hash, timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from 'hono'
import { toThumbsmithError } from '../errors.ts'
import { parseStoreEvents } from '../event/event.ts'
import { limitBytes } from './body-limit.ts'
import { problem } from './problems.ts'
import type { Api, ApiEnv, Services } from './services.ts'

/** S3 and SNS send 256 KB at most; the quotes of a wrapped message are escaped, some twice. */
const BODY_MAX_BYTES = 1024 * 1024
/** Ceph lets the uploader wait for this answer, and repeats a refused event without a pause: what takes longer goes on by itself. */
const ENQUEUE_WAIT_MS = 25

/**
 * Before what speaks to browsers, whose headers would be a sixth of its cost in a storm of events; and not below `requireOwnHost`: a store
 * calls by whatever name the server has on the inside, and shows who it is.
 */
export function storeEventRoutes(api: Api, { storeEvents, log }: Services): void {
  if (!storeEvents) return
  const knowsSecret = secretCheck(storeEvents.secret)
  const thanks = (c: Context<ApiEnv>) => c.body(null, 204)
  const refusal = (c: Context<ApiEnv>) => problem(c, 'auth.forbidden', 'Send the secret of the events, or sign them.')

  const limit = limitBytes(BODY_MAX_BYTES, (c) => {
    if (!knowsSecret(c)) return problem(c, 'request.too_large')
    log.warn({}, 'a store sent an event that is too large to read; the sweep will find what it was about')
    return thanks(c)
  })

  api.post('/events/s3', limit, async (c) => {
    const isKnown = knowsSecret(c)
    const messageType = c.req.header('x-amz-sns-message-type')
    const { admitsSns } = storeEvents
    if (!isKnown && !(messageType && admitsSns)) return refusal(c)
    const body = await c.req.text()
    if (!isKnown && !(await admitsSns?.(body))) return refusal(c)
    // To be admitted is what confirms a subscription, so a known sender must be, too; nobody waits for it.
    if (isKnown && messageType === 'SubscriptionConfirmation') void admitsSns?.(body).catch(() => {})
    const { events, ignored } = parseStoreEvents(body)
    if (ignored.length)
      log.debug({ ignored: [...new Set(ignored)].slice(0, 10) }, 'parts of a store event were ignored')
    const enqueued = Promise.all(events.map((event) => storeEvents.onEvent(event))).catch((thrown) => {
      const { code, detail } = toThumbsmithError(thrown)
      log.warn(
        { code, detail, events: events.length },
        'store events were lost; the sweep will find what they were about',
      )
    })
    await Promise.race([enqueued, sleep(ENQUEUE_WAIT_MS)])
    return thanks(c)
  })
}

/** As `?secret=…` or `Authorization: Bearer …`, compared in constant time. */
function secretCheck(secret: string | undefined): (c: Context<ApiEnv>) => boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer')
  const expected = secret ? digest(secret) : undefined
  return (c) => {
    const given = c.req.query('secret') ?? c.req.header('authorization')?.replace(/^Bearer /i, '')
    return expected !== undefined && given !== undefined && timingSafeEqual(digest(given), expected)
  }
}
