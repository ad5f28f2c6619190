// What THUMBSMITH_QUEUE names: the queue, and where processes share it, what they know of one another; drivers are imported only when asked for.
import type { Cluster } from '../cluster/cluster.ts'
import { ThumbsmithError } from '../errors.ts'
import type { Queue, QueueOptions } from '../queue/queue.ts'
import type { Log } from '../road.ts'
import { OPERATOR, ownerOf, ruleFor } from '../rule.ts'
import type { Config } from '../settings.ts'
import { parseUrl } from './stores.ts'

interface Engine {
  kind: 'redis' | 'postgres'
  url: string
  /** Under which processes find each other on the engine: `?name=…` in the URL, for several systems on one engine. */
  name: string
}

const parseQueue = (queue: string) =>
  parseUrl('THUMBSMITH_QUEUE', queue, ['memory', 'redis', 'rediss', 'postgres', 'postgresql', 'sqs'])

export const staysInProcess = ({ queue }: Pick<Config, 'queue'>): boolean => parseQueue(queue).scheme === 'memory'

/** The addresses after `sqs:`; `undefined` where it is no queue of SQS. Its jobs are taken by Lambda, never by a process of ours. */
export function sqsUrlsOf({ queue }: Pick<Config, 'queue'>): string | undefined {
  const { scheme, rest } = parseQueue(queue)
  return scheme === 'sqs' ? rest : undefined
}

/** `undefined`: jobs stay in the process, or go where processes do not find each other. */
export function engineOf({ queue }: Pick<Config, 'queue'>): Engine | undefined {
  const { scheme } = parseQueue(queue)
  if (scheme === 'memory' || scheme === 'sqs') return undefined
  const url = URL.canParse(queue) ? new URL(queue) : undefined
  const name = url?.searchParams.get('name') ?? 'thumbsmith'
  if (!url?.hostname || !/^[\w-]{1,40}$/.test(name))
    throw new ThumbsmithError(
      'config.invalid',
      'THUMBSMITH_QUEUE is no usable address. Write for example redis://localhost:6379 or postgres://user:password@localhost/database; a ?name=… has at most 40 letters, digits and dashes.',
    )
  url.searchParams.delete('name')
  return { kind: scheme.startsWith('redis') ? 'redis' : 'postgres', url: url.href, name }
}

export async function openQueue(config: Config, concurrency: number, log: Log): Promise<Queue> {
  const engine = engineOf(config)
  const options: QueueOptions = {
    concurrency,
    ownerOf(key) {
      const rule = ruleFor(config.rules, key)
      return rule ? ownerOf(rule, key) : OPERATOR
    },
    onFailure(job, error, retryInMs) {
      const detail = error.detail ?? error.stack
      log[retryInMs === undefined ? 'error' : 'warn']({ key: job.key, detail, retryInMs }, error.message)
    },
  }
  const { scheme, rest } = parseQueue(config.queue)
  if (scheme === 'sqs') return (await import('../queue/sqs.ts')).sqsQueue(rest)
  if (!engine) return (await import('../queue/memory.ts')).memoryQueue(options)
  const { bullmqQueue } = await import('../queue/bullmq.ts')
  const onTrouble = (detail: string) => log.warn({ detail }, 'there is trouble with the queue; work goes on after it')
  return bullmqQueue({ ...options, url: engine.url, name: engine.name, onTrouble })
}

/** `undefined` where this process is alone. */
export async function openCluster(config: Config, instance: string): Promise<Cluster | undefined> {
  const engine = engineOf(config)
  if (!engine) return undefined
  const { kind, url, name } = engine
  if (kind === 'redis') return (await import('../cluster/redis.ts')).redisCluster({ url, name, instance })
  return (await import('../cluster/postgres.ts')).postgresCluster({ url, name, instance })
}
