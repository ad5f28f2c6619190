// The client against the real API over a real port.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi, picture, type TestApi, tokenFor } from '../test/api.ts'
import { type Client, ClientError, type OriginalView, thumbsmithClient } from './client.ts'
import { tokenBuckets } from './http/throttle.ts'

let api: TestApi
let url: string
let client: Client
beforeAll(async () => {
  api = await openApi()
  url = await api.listen()
  client = thumbsmithClient({ baseUrl: `${url}/`, token: () => tokenFor('alice') })
})
afterAll(() => api.close())

describe('the client', () => {
  it('uploads, waits, reads, edits and removes', async () => {
    const bytes = await picture()
    const progress: [number, number][] = []
    const sent = await client.upload(new Uint8Array(bytes), {
      filename: 'a b+c,ü.jpg',
      contentType: 'image/jpeg',
      title: '誰も 🦀',
      onProgress: (sentBytes, totalBytes) => progress.push([sentBytes, totalBytes]),
    })
    expect(sent).toMatchObject({
      filename: 'a b+c,ü.jpg',
      title: '誰も 🦀',
      owner: 'alice',
      state: 'queued',
      bytes: bytes.length,
    })
    expect(progress).toEqual([
      [0, bytes.length],
      [bytes.length, bytes.length],
    ])
    const changes: string[] = []
    const settled = client.waitUntilSettled(sent.id, {
      onChange: (original: OriginalView) => changes.push(original.state),
    })
    await api.settle(sent.id)
    const ready = await settled
    expect(ready.renditions.map((rendition) => rendition.state)).toEqual(['ready', 'ready'])
    expect(changes.at(-1)).toBe('ready')
    expect((await fetch(ready.renditions[0]!.url!)).status).toBe(200)
    expect((await client.edit(sent.id, { title: 'x', ifRevision: 0 })).revision).toBe(1)
    expect((await client.get(sent.id)).title).toBe('x')
    expect((await client.retry(sent.id)).id).toBe(sent.id)
    expect((await client.list({ limit: 1 })).originals[0]!.id).toBe(sent.id)
    await client.remove(sent.id)
    await expect(client.get(sent.id)).rejects.toMatchObject({ status: 404, code: 'not_found' })
  })

  it('sends plainly where the rule says so, with the type of the blob', async () => {
    const sent = await client.upload(new Blob(['hello'], { type: 'image/png' }), { filename: 'x.png', rule: 'puts' })
    expect(sent.key).toMatch(/^puts\/alice\/\w+\.png$/)
  })

  it('tells what was wrong by code and sentence', async () => {
    const refused = await client.upload(new Blob(['x']), { filename: 'x.jpg' }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ClientError)
    expect(refused).toMatchObject({ status: 400, code: 'request.invalid', errors: [{ path: 'contentType' }] })
    const stranger = thumbsmithClient({ baseUrl: url })
    await expect(stranger.about()).rejects.toMatchObject({ status: 401, code: 'auth.required' })
    await expect(client.edit('none', { title: 'x' })).rejects.toMatchObject({ code: 'not_found' })
  })

  it('tells what the store said of an upload', async () => {
    const spoiling: typeof fetch = (input, init) => {
      if (init?.body instanceof FormData) init.body.set('Content-Type', 'text/html')
      return fetch(input, init)
    }
    const spoiled = thumbsmithClient({ baseUrl: url, token: await tokenFor('alice'), fetch: spoiling })
    const upload = spoiled.upload(new Blob(['x'], { type: 'image/png' }), { filename: 'x.png' })
    await expect(upload).rejects.toMatchObject({
      status: 403,
      code: 'ticket.refused',
      message: expect.stringContaining('"Content-Type"'),
    })
  })

  it('waits where it is told to', async () => {
    const slow = await openApi({ rateLimit: tokenBuckets({ perSecond: 1, burst: 1 }) })
    const slowUrl = await slow.listen()
    const patient = thumbsmithClient({ baseUrl: slowUrl, token: await tokenFor('alice') })
    const started = Date.now()
    for (const filename of ['1.png', '2.png'])
      await patient.upload(new Blob(['x'], { type: 'image/png' }), { filename })
    expect(Date.now() - started).toBeGreaterThan(900)
    await slow.close()
  })

  it('gives up waiting in time, or when told', async () => {
    const { id } = await client.upload(new Blob(['x'], { type: 'image/png' }), { filename: 'x.png' })
    await expect(client.waitUntilSettled(id, { timeoutSeconds: 0 })).rejects.toThrow('not ready within 0 s')
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 100)
    await expect(client.waitUntilSettled(id, { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' })
  })
})
