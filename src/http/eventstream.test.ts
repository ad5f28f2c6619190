// One stream of events under fake time: order, heartbeats, slow readers.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { RESET } from './broadcast.ts'
import { eventStream, type Send } from './eventstream.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HEARTBEAT_MS = 15_000

function open() {
  const seen = { send: (() => {}) as Send, stopped: 0 }
  const stream = eventStream({
    heartbeatMs: HEARTBEAT_MS,
    position: () => 'e.7',
    start(send) {
      seen.send = send
      return () => void seen.stopped++
    },
  })
  const reader = stream.body.getReader()
  const decoder = new TextDecoder()
  const read = async () => decoder.decode((await reader.read()).value)
  return { seen, stream, reader, read }
}

it('sends in order, however long each takes to be read', async () => {
  const { seen, read } = open()
  expect(await read()).toBe('retry: 2000\n\n')
  seen.send('e.1', () => new Promise((resolve) => setTimeout(() => resolve('slow'), 100)))
  seen.send('e.2', async () => 'quick')
  seen.send('e.3')
  await vi.advanceTimersByTimeAsync(100)
  expect(await read()).toBe('id: e.1\ndata: slow\n\n')
  expect(await read()).toBe('id: e.2\ndata: quick\n\n')
  expect(await read()).toBe('id: e.3\n:\n\n')
})

it('shows that it is alive, ends after a while, and frees its subscription', async () => {
  const { seen, reader, read } = open()
  await read()
  await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
  expect(await read()).toBe('id: e.7\n:\n\n')
  let done = false
  const drained = (async () => {
    while (!done) ({ done } = await reader.read())
  })()
  await vi.advanceTimersByTimeAsync(30 * 60_000)
  await drained
  expect(seen.stopped).toBe(1)
})

it('that is not read holds a bounded buffer, then says reset, then goes on', async () => {
  const { seen, read } = open()
  const text = 'x'.repeat(10_000)
  for (let i = 0; i < 1000; i++) seen.send(`e.${i}`, async () => text)
  await vi.advanceTimersByTimeAsync(1)
  let buffered = 0
  let block = await read()
  for (; !block.includes(RESET); block = await read()) buffered += block.length
  expect(buffered).toBeLessThan(64 * 1024 + 2 * text.length)
  expect(block).toBe(`id: e.7\ndata: ${RESET}\n\n`)
  seen.send('e.9', async () => 'news')
  await vi.advanceTimersByTimeAsync(1)
  expect(await read()).toBe('id: e.9\ndata: news\n\n')
})

it('that is never read again is ended after a minute', async () => {
  const { seen } = open()
  for (let i = 0; i < 20; i++) seen.send(`e.${i}`, async () => 'x'.repeat(10_000))
  await vi.advanceTimersByTimeAsync(3 * HEARTBEAT_MS)
  expect(seen.stopped).toBe(0)
  await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
  expect(seen.stopped).toBe(1)
})

it('is freed once, whoever ends it', async () => {
  const { seen, stream, reader } = open()
  await reader.cancel()
  stream.end()
  expect(seen.stopped).toBe(1)
  expect(vi.getTimerCount()).toBe(0)
})
