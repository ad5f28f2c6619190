// A bad line to an S3 server, for tests: takes requests or their answers over, as a test says or by chance.
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Takes an answer over by returning true; what it does with it, and whether it ever does, is up to it. */
export type Fault = (response: ServerResponse) => boolean

export interface FaultProxy {
  endpoint: string
  /** The method of each request, in order. */
  seen: string[]
  /** `before` the server hears of the request, `after` it has done its work. */
  fault: { before?: Fault | undefined; after?: Fault | undefined }
  /** Told of each answer of the server itself. */
  onAnswer?: ((incoming: IncomingMessage, status: number) => void) | undefined
  close(): void
}

/** Signatures name the host that the client asked for, and servers check that one: so it is passed on as it is. */
export async function openProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  const agent = new Agent({ keepAlive: true })
  const server = createServer((incoming, response) => {
    proxy.seen.push(`${incoming.method}`)
    if (proxy.fault.before?.(response)) return incoming.resume()
    const options = { agent, hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers }
    const outgoing = request(options, (reply) => {
      proxy.onAnswer?.(incoming, reply.statusCode ?? 0)
      if (proxy.fault.after?.(response)) return reply.resume()
      response.writeHead(reply.statusCode ?? 500, reply.headers)
      reply.pipe(response)
      reply.on('error', () => response.destroy())
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy()
    })
    incoming.pipe(outgoing)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    fault: {},
    close() {
      server.close()
      server.closeAllConnections()
      agent.destroy()
    },
  }
  return proxy
}

export const refuse =
  (status: number): Fault =>
  (response) => {
    response.writeHead(status).end()
    return true
  }
export const cut: Fault = (response) => {
  response.destroy()
  return true
}
export const hang: Fault = () => true
/** An answer begins, and goes no further. */
export const stall =
  (status: number): Fault =>
  (response) => {
    response.writeHead(status, { 'content-length': 300, 'content-type': 'application/xml' })
    return response.write('<Error><Code>NoSuchKey<') || true
  }

/** The first `times` times only. */
export const first =
  (times: number, fault: Fault): Fault =>
  (response) =>
    times-- > 0 && fault(response)

/** Answers 500 or 503 to a share of all requests, and nothing at all to another share. */
export function byChance({ refused, hung }: { refused: number; hung: number }, random: () => number): Fault {
  return (response) => {
    const chance = random()
    if (chance < hung) return hang(response)
    return chance < hung + refused && refuse(random() < 0.5 ? 500 : 503)(response)
  }
}
