// Listening: a fetch handler on a port, with timeouts against slow clients and a clear word where the port is taken.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { ThumbsmithError } from '../errors.ts'
import { type Config, isLoopback } from '../settings.ts'

interface App {
  fetch(request: Request, env?: unknown): Response | Promise<Response>
}

const HEADERS_TIMEOUT_MS = 10_000
/** A connection on which nothing moves for this long is closed; live events send a heartbeat more often. */
const IDLE_TIMEOUT_MS = 60_000
const DRAIN_MS = 5_000

/** Listens, then makes the app: only then are its own addresses known (port 0 is any free one). */
export async function listen(
  config: Pick<Config, 'host' | 'port' | 'publicUrl'>,
  makeApp: (ownOrigins: string[]) => App,
): Promise<{ url: string; close(): Promise<void> }> {
  let app: App
  const server = createAdaptorServer({ fetch: (request, env) => app.fetch(request, env) }) as Server
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = 0
  server.timeout = IDLE_TIMEOUT_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, config)))
    server.listen(config.port, config.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  const listening = [`http://${host}:${port}`]
  if (isLoopback(config.host))
    listening.push(`http://localhost:${port}`, `http://127.0.0.1:${port}`, `http://[::1]:${port}`)
  app = makeApp([...new Set([config.publicUrl, ...listening].filter(Boolean))])
  return {
    url: config.publicUrl || listening[0]!,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      await closed
      clearTimeout(force)
    },
  }
}

function explain(error: NodeJS.ErrnoException, { host, port }: Pick<Config, 'host' | 'port'>): Error {
  if (error.code === 'EADDRINUSE')
    return new ThumbsmithError(
      'config.invalid',
      `Port ${port} is taken by another program. Choose another, for example: npm start -- --port ${port + 1}`,
    )
  if (error.code === 'EACCES')
    return new ThumbsmithError(
      'config.invalid',
      `Port ${port} needs more rights than this program has. Choose one above 1023.`,
    )
  if (error.code === 'EADDRNOTAVAIL')
    return new ThumbsmithError('config.invalid', `HOST is "${host}", which is no address of this machine.`)
  return error
}
