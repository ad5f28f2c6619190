// The server: the road, the API and the dashboard in one process; watches the originals, sweeps, and shuts down in order.
import { openCatalogue } from '../catalogue.ts'
import { ThumbsmithError } from '../errors.ts'
import { httpApp } from '../http/app.ts'
import { tokenBuckets } from '../http/throttle.ts'
import { openRemovals } from '../removals.ts'
import type { Log } from '../road.ts'
import { type Config, isOpenToAll } from '../settings.ts'
import type { StoreEvent } from '../storage/storage.ts'
import { dashboardFiles } from './dashboard.ts'
import { engineOf } from './engine.ts'
import { listen } from './listen.ts'
import { openLog } from './log.ts'
import { openAuth } from './open.ts'
import { packageFiles } from './package-files.ts'
import { openRoad, type RunningRoad, readiness } from './road.ts'
import { stopWhenTold } from './stop.ts'
import { openEventsQueue, openStoreEvents } from './store-events.ts'
import { linkOrigins } from './stores.ts'
import { VERSION } from './version.ts'

export interface ServerOptions {
  config: Config
  log: Log
  /** Let the first sweep also renew what a changed preset made stale. */
  refresh?: boolean
  /** Render here (default), or leave that to workers. */
  render?: boolean
  /** Node's own options for the decoder processes. */
  decoderExecArgv?: string[]
}

export interface Server {
  url: string
  /** Takes no more requests or jobs, lets what runs end, and releases the stores. */
  close(): Promise<void>
}

export async function startServer({
  config,
  log,
  refresh = false,
  render = true,
  decoderExecArgv = [],
}: ServerOptions): Promise<Server> {
  if (!render && !engineOf(config))
    throw new ThumbsmithError(
      'config.invalid',
      'Nobody would render: the jobs of THUMBSMITH_QUEUE=memory: stay in this process. Leave --no-render out, or share a queue with workers.',
    )
  const auth = await openAuth(config)
  if (isOpenToAll(config))
    log.warn(
      { publicUrl: config.publicUrl },
      'THUMBSMITH_AUTH is none: everybody who reaches this address sees and removes every picture',
    )
  const running = await openRoad(config, log, { render, decoderExecArgv })
  const closing = [running.close]
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const { road, stores, queue } = running
    const { rules, presets, limits } = config
    const { feed, state } = road
    const { served } = stores
    const elsewhere = await linkOrigins(stores)
    const look = (key: string) => queue.enqueue({ key, priority: 'interactive' })
    const sweeping = keepSweeping(running, config.sweepSeconds, refresh)
    closing.push(sweeping.stop)
    const removals = openRemovals({
      look: (key) => void look(key),
      onMany() {
        log.warn({}, 'many originals went at once; a sweep decides whether their renditions follow')
        sweeping.soon()
      },
    })
    closing.push(async () => removals.close())
    const notice = ({ kind, key }: StoreEvent) => (kind === 'removed' ? removals.removed(key) : void look(key))
    const listening = await listen(config, (own) =>
      httpApp({
        version: VERSION,
        rules,
        presets,
        limits,
        auth,
        originals: stores.originals,
        renditions: stores.renditions,
        catalogue: openCatalogue({ rules, presets, originals: stores.originals, state, queue, feed }),
        feed,
        log,
        origins: { own, allowed: config.allowedOrigins, stores: elsewhere },
        blobs: {
          ...(served.originals && { originals: { access: served.originals, onStored: (key) => void look(key) } }),
          ...(served.renditions && { renditions: { access: served.renditions } }),
        },
        storeEvents: openStoreEvents(config, running, removals.removed),
        // One person on one machine needs no bound.
        rateLimit: config.auth === 'none' ? undefined : tokenBuckets({ perSecond: 20, burst: 400 }),
        dashboard: dashboardFiles(),
        packages: packageFiles(),
        ready: () => readiness(running),
      }),
    )
    closing.push(listening.close)
    const events = await openEventsQueue(config, running, removals.removed)
    if (events) closing.push(events.close)
    if (stores.originals.watch) closing.push(await stores.originals.watch(notice))
    sweeping.soon()
    return { url: listening.url, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Sweeps when it is asked to and from then on every so often, one at a time, and only one server of many. */
function keepSweeping({ road, sweep, leads }: RunningRoad, seconds: number, refreshFirst: boolean) {
  const stop = new AbortController()
  let asked = new AbortController()
  const once = async (refresh: boolean) => {
    try {
      if (await leads()) road.log.debug(await sweep({ refresh, signal: stop.signal }), 'swept')
    } catch (error) {
      road.log.warn({ detail: String(error) }, 'the sweep was cut off and will be repeated')
    }
  }
  const sweeping = (async () => {
    await pause(undefined, asked.signal)
    for (let first = true; !stop.signal.aborted; first = false) {
      asked = new AbortController()
      await once(first && refreshFirst)
      if (!stop.signal.aborted) await pause(seconds * 1000, asked.signal)
    }
  })()
  return {
    soon: () => asked.abort(),
    stop() {
      stop.abort()
      asked.abort()
      return sweeping
    },
  }
}

/** Until it is called off, or for so long. */
function pause(ms: number | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
    if (signal.aborted) resolve()
  })
}

/** `thumbsmith server`: runs until it is told to stop. */
export async function runServer(config: Config, options: Pick<ServerOptions, 'refresh' | 'render'>): Promise<void> {
  const log = openLog(config.logLevel)
  const server = await startServer({ config, log, ...options })
  process.stdout.write(`thumbsmith ${VERSION} is ready at ${server.url}\n`)
  stopWhenTold(log, server.close)
}
