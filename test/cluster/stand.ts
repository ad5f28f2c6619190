// A cluster home for tests, as compose.yaml runs it: a bucket for each store, an engine that travels jobs, servers that do not render, workers.
import { type Home, openHome } from '../hosts/harness.ts'
import type { TestS3 } from '../servers/s3.ts'
import { startWorker, type WorkerProcess } from './worker.ts'

export interface StandOptions {
  s3: TestS3
  /** THUMBSMITH_QUEUE. */
  queue: string
  config?: string
  env?: Record<string, string>
  /** Where servers and workers look for the store, if not where it is. */
  endpoint?: string
  /** One bucket for originals and renditions. */
  oneStore?: boolean
}

export type Stand = Awaited<ReturnType<typeof openStand>>

/** Begins with two empty buckets and no process; `close` ends every process that was opened. */
export async function openStand(options: StandOptions) {
  const { s3, queue, config = 'thumbsmith.yaml', env = {}, endpoint, oneStore } = options
  const originals = await s3.newStore()
  const renditions = oneStore ? originals : await s3.newStore()
  const url = (bucket: string) => `s3://${bucket}?endpoint=${endpoint ?? s3.endpoint}&pathStyle=true`
  const settings = {
    THUMBSMITH_ORIGINALS: url(originals.bucket),
    THUMBSMITH_RENDITIONS: url(renditions.bucket),
    THUMBSMITH_QUEUE: queue,
    THUMBSMITH_DECODERS: '1',
    THUMBSMITH_SWEEP_SECONDS: '5',
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    ...env,
  }
  const running: (() => Promise<unknown>)[] = []
  return {
    originals,
    renditions,
    env: settings,
    async openServer(): Promise<Home> {
      const home = await openHome({ config, env: settings, args: ['--no-render'] })
      running.push(() => home.close())
      return home
    },
    async openWorker(): Promise<WorkerProcess> {
      const worker = await startWorker(config, settings)
      running.push(() => worker.kill())
      return worker
    },
    async close(): Promise<void> {
      await Promise.all(running.splice(0).map((end) => end()))
      for (const { storage } of [originals, renditions]) await storage.close()
    },
  }
}
