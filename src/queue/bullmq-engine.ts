// The engines under BullMQ: a queue and a worker on Redis or PostgreSQL, and what each needs to hear so that an outage is only an outage.
import { createPostgresBackend, type Processor, Queue, type QueueOptions, Worker, type WorkerOptions } from 'bullmq'

/** What BullMQ keeps of a job. */
export interface Wish {
  key: string
  refresh?: boolean
}

export interface Engine {
  openQueue(): Queue<Wish>
  openWorker(run: Processor<Wish>, options: Omit<WorkerOptions, 'connection'>): Worker<Wish>
}

/** BullMQ's tables live in a schema of their own. */
const SCHEMA = 'thumbsmith_queue'
const CONNECT_TIMEOUT_MS = 3_000
const RECONNECT_MAX_MS = 1_000
/** Nobody reads BullMQ's own events. */
const EVENTS_KEPT = 100

const QUIET: Pick<QueueOptions, 'streams'> = { streams: { events: { maxLen: EVENTS_KEPT } } }

export function bullmqEngine(url: string, name: string): Engine {
  return url.startsWith('postgres') ? postgresEngine(url, name) : redisEngine(url, name)
}

function redisEngine(url: string, name: string): Engine {
  const common = {
    url,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (times: number) => Math.min(times * 100, RECONNECT_MAX_MS),
  }
  return {
    // Who asks gets its answer now; who works waits for the engine to come back.
    openQueue: () =>
      new Queue<Wish>(name, {
        ...QUIET,
        connection: { ...common, enableOfflineQueue: false, maxRetriesPerRequest: 0 },
      }),
    openWorker: (run, options) =>
      new Worker<Wish>(name, run, { ...options, connection: { ...common, maxRetriesPerRequest: null } }),
  }
}

function postgresEngine(url: string, name: string): Engine {
  const connection = {
    connectionString: url,
    schema: SCHEMA,
    migrate: true,
    max: 4,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  }
  // BullMQ's classes are typed by their engine, though what is used here is the same for both.
  return {
    openQueue: () => new Queue(name, { ...QUIET, connection }, createPostgresBackend) as unknown as Queue<Wish>,
    openWorker: (run, options) =>
      new Worker(name, run, { ...options, connection }, createPostgresBackend) as unknown as Worker<Wish>,
  }
}
