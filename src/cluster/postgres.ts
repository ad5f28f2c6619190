// The cluster on PostgreSQL: one connection with its name on it, by LISTEN and NOTIFY; the lead is an advisory lock. All of it ends with the connection.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { ThumbsmithError } from '../errors.ts'
import { openOutages } from '../outages.ts'
import { openSpeaker } from '../speaker.ts'
import type { Cluster, ClusterOptions } from './cluster.ts'

const ANSWER_WITHIN_MS = 3_000
const RECONNECT_AFTER_MS = 500
/** PostgreSQL refuses longer notifications. */
const MESSAGE_MAX_BYTES = 7_999

/** Throws `queue.unavailable` where PostgreSQL cannot be reached now. */
export async function postgresCluster({ url, name, instance }: ClusterOptions): Promise<Cluster> {
  let onMessage: (message: string) => void = () => {}
  let onGap = () => {}
  let closed = false
  const locks = new Set<string>()
  const outages = openOutages()
  let turn: Promise<unknown> = Promise.resolve()
  const speaker = openSpeaker(
    instance,
    (texts) => query('SELECT pg_notify($1, text) FROM unnest($2::text[]) text', [name, texts]),
    MESSAGE_MAX_BYTES,
  )
  let client = await answer(connect())

  async function connect(): Promise<pg.Client> {
    const opened = new pg.Client({
      connectionString: url,
      application_name: nameOf(instance),
      connectionTimeoutMillis: ANSWER_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
      keepAlive: true,
    })
    // The end of the connection follows.
    opened.on('error', () => {})
    opened.on('notification', ({ payload = '' }) => speaker.hear(payload, { onMessage, onGap }))
    try {
      await opened.connect()
      await opened.query(`LISTEN ${pg.escapeIdentifier(name)}`)
    } catch (error) {
      void opened.end().catch(() => {})
      throw error
    }
    opened.once('end', () => void reconnect())
    return opened
  }

  async function reconnect(): Promise<void> {
    while (!closed) {
      await sleep(RECONNECT_AFTER_MS, undefined, { ref: false })
      try {
        client = await connect()
      } catch {
        continue
      }
      outages.over()
      if (closed) await client.end()
      else onGap()
      return
    }
  }

  /** One query at a time, as pg wants it. */
  function query(text: string, values: unknown[]): Promise<pg.QueryResult<{ yes: boolean }>> {
    const asked = turn.then(() => client.query(text, values))
    turn = asked.catch(() => {})
    return asked
  }
  async function ask(text: string, values: string[]): Promise<boolean> {
    const { rows } = await answer(query(text, values))
    return rows[0]!.yes
  }
  return {
    publish: speaker.say,
    subscribe(message, gap) {
      onMessage = message
      onGap = gap
    },
    async isPresent(other) {
      const isSeen = 'SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1) AS yes'
      return (await ask(isSeen, [nameOf(other)])) || outages.isRecent()
    },
    leads: () => ask('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS yes', [`${name} lead`]),
    async tryLock(of) {
      const id = `${name} lock ${of}`
      // The connection may take its own lock twice.
      if (locks.has(id)) return undefined
      locks.add(id)
      const holder = client
      let isReleased = true
      try {
        isReleased = !(await ask('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS yes', [id]))
      } catch (error) {
        // It may have been taken all the same, and goes with the connection.
        void holder.end().catch(() => {})
        throw error
      } finally {
        if (isReleased) locks.delete(id)
      }
      if (isReleased) return undefined
      return {
        // It ends with the connection.
        isHeld: async () => !isReleased && client === holder && (await ask('SELECT true AS yes', [])),
        async release() {
          if (isReleased) return
          isReleased = true
          locks.delete(id)
          if (client === holder) await ask('SELECT pg_advisory_unlock(hashtextextended($1, 0)) AS yes', [id])
        },
      }
    },
    async close() {
      await speaker.close(ANSWER_WITHIN_MS)
      closed = true
      await client.end().catch(() => {})
    },
  }
}

/** PostgreSQL keeps 63 bytes of it. */
const nameOf = (instance: string) => `thumbsmith ${instance}`

async function answer<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw new ThumbsmithError('queue.unavailable', undefined, { detail: String(error), cause: error })
  }
}
