// Bodies over a real connection: said to be too long, found to be too long, and short enough, whichever way they come.
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { limitBytes } from './body-limit.ts'
import type { ApiEnv } from './services.ts'

const app = new Hono<ApiEnv>()
  .use(limitBytes(1000, (c) => c.text('too long', 413)))
  .all('*', async (c) => c.text(`${(await c.req.text()).length}`))
const server = createAdaptorServer({ fetch: app.fetch })
let url: string

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

/** Of so many bytes; in pieces, nothing says how long it is. */
async function send(bytes: number, way: 'whole' | 'in pieces') {
  const asked = request(url, { method: 'POST', headers: way === 'whole' ? { 'content-length': bytes } : {} })
  for (let at = 0; at < bytes; at += 100) asked.write('x'.repeat(100))
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return [answer.statusCode, await text(answer)]
}

it.each(['whole', 'in pieces'] as const)('takes what is short enough and refuses what is too long: %s', async (way) => {
  expect(await send(1000, way)).toEqual([200, '1000'])
  expect(await send(1100, way)).toEqual([413, 'too long'])
})

it('counts where a length is said that need not be true', async () => {
  const lying = { 'content-length': '1', 'transfer-encoding': 'chunked' }
  const answer = await app.request('/', { method: 'POST', headers: lying, body: 'x'.repeat(1100) })
  expect(answer.status).toBe(413)
  expect((await app.request('/', { method: 'POST', headers: { 'content-length': 'one' }, body: 'x' })).status).toBe(413)
})

it('asks nothing of requests that have no body', async () => {
  const answer = await fetch(url)
  expect([answer.status, await answer.text()]).toEqual([200, '0'])
})
