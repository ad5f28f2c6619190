// Stopping: a signal lets what runs end, for a while; a second one, or too long a wait, stops at once.
import type { Log } from '../road.ts'

/** Jobs that are cut off are given to another worker. */
const DRAIN_MS = 30_000

export function stopWhenTold(log: Log, close: () => Promise<void>): void {
  const stop = (signal: NodeJS.Signals) => {
    process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM')
    log.info({ signal }, 'stopping')
    setTimeout(() => {
      log.warn({}, `what runs did not end within ${DRAIN_MS / 1000} s and is cut off`)
      process.exit(1)
    }, DRAIN_MS)
    void close().then(() => process.exit(0))
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
}
