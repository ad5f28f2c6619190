// A server of a few lines on the loopback address, for what a test wants to see asked and says in answer.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Asked {
  request: IncomingMessage
  body: string
}

export interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: string
}

export interface Loopback {
  /** `http://127.0.0.1:<port>` */
  url: string
  close(): Promise<void>
}

/** `undefined` for an answer: none ever comes. */
export async function openLoopback(answerTo: (asked: Asked) => Answer | undefined): Promise<Loopback> {
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        const answer = answerTo({ request, body })
        if (answer) response.writeHead(answer.status ?? 200, answer.headers).end(answer.body)
      },
      // The asker went away.
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
