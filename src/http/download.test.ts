// Downloads by signed link over a real port: parts, caching, names, and nothing that runs.
import { readdir } from 'node:fs/promises'
import { platform } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi, picture, type TestApi } from '../../test/api.ts'
import { MARK } from '../original.ts'

let api: TestApi
let url: string
beforeAll(async () => {
  api = await openApi()
  url = await api.listen()
})
afterAll(() => api.close())

const bytesOf = (length: number) => new Uint8Array(length).map((_, i) => (i * 31) % 251)

describe('a download', () => {
  const link = async (
    store: 'originals' | 'renditions',
    key: string,
    type: 'inline' | 'attachment' = 'inline',
    filename = 'x.jpg',
    seconds = 600,
  ) => url + (await api[store].signDownload(key, { expiresInSeconds: seconds, disposition: { type, filename } }))

  beforeAll(async () => {
    await api.renditions.put('r.jpg', bytesOf(1000), { contentType: 'image/jpeg', metadata: { [MARK]: 'x' } })
    await api.originals.put('o.jpg', bytesOf(1000), { contentType: 'image/jpeg' })
    await api.originals.put('page.html', new TextEncoder().encode('<script>alert(1)</script>'), {
      contentType: 'text/html',
    })
    await api.originals.put('beside.jpg', await picture(), { contentType: 'image/jpeg', metadata: { [MARK]: 'x' } })
  })

  it('is whole, typed, private and harmless', async () => {
    const response = await fetch(await link('renditions', 'r.jpg'))
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '1000',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      'referrer-policy': 'no-referrer',
      'content-disposition': `inline; filename="x.jpg"; filename*=UTF-8''x.jpg`,
    })
    const [, seconds] = /^private, max-age=(\d+)$/.exec(response.headers.get('cache-control')!)!
    expect(Number(seconds)).toBeGreaterThan(590)
    expect(Number(seconds)).toBeLessThanOrEqual(601)
    expect(Buffer.from(await response.arrayBuffer()).equals(bytesOf(1000))).toBe(true)
  })

  it('may be a part', async () => {
    const from = await link('renditions', 'r.jpg')
    const part = await fetch(from, { headers: { range: 'bytes=10-19' } })
    expect([part.status, part.headers.get('content-range'), part.headers.get('content-length')]).toEqual([
      206,
      'bytes 10-19/1000',
      '10',
    ])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytesOf(1000).subarray(10, 20))).toBe(true)
    const outside = await fetch(from, { headers: { range: 'bytes=1000-' } })
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */1000'])
    const etag = part.headers.get('etag')!
    expect((await fetch(from, { headers: { range: 'bytes=0-0', 'if-range': etag } })).status).toBe(206)
    expect((await fetch(from, { headers: { range: 'bytes=0-0', 'if-range': '"old"' } })).status).toBe(200)
  })

  it('need not be sent again', async () => {
    const from = await link('renditions', 'r.jpg')
    const etag = (await fetch(from)).headers.get('etag')!
    expect((await fetch(from, { headers: { 'if-none-match': `"x", W/${etag}` } })).status).toBe(304)
    expect((await fetch(from, { headers: { 'if-none-match': '"x"' } })).status).toBe(200)
  })

  it('can be asked about', async () => {
    const head = await fetch(await link('renditions', 'r.jpg'), { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1000', ''])
  })

  it('of an original is only ever saved, of a rendition beside it shown', async () => {
    const dispositionOf = async (key: string) =>
      (await fetch(await link('originals', key))).headers.get('content-disposition')
    expect(await dispositionOf('o.jpg')).toMatch(/^attachment;/)
    expect(await dispositionOf('beside.jpg')).toMatch(/^inline;/)
    const page = await fetch(await link('originals', 'page.html'))
    expect(page.headers.get('content-disposition')).toMatch(/^attachment;/)
    expect(page.headers.get('content-type')).toBe('application/octet-stream')
  })

  it('has a file name that splits no header', async () => {
    for (const filename of [
      'a\r\nX-Evil: 1.jpg',
      'a";x="b.jpg',
      'ü🦀.jpg',
      "it's (1)*.jpg",
      '\ud800.jpg',
      '%22.jpg',
      '\\.jpg',
    ]) {
      const response = await fetch(await link('renditions', 'r.jpg', 'attachment', filename))
      expect(response.status).toBe(200)
      expect(response.headers.get('x-evil')).toBeNull()
      const disposition = response.headers.get('content-disposition')!
      const [, plain, exact] = /^attachment; filename="([^"\\%;]*)"; filename\*=UTF-8''([\w.!~%-]*)$/.exec(disposition)!
      expect(plain).toMatch(/^[\x20-\x7e]+$/)
      expect(decodeURIComponent(exact!)).toBe(filename.toWellFormed())
    }
  })

  it('needs its signature, unchanged, in time', async () => {
    const from = await link('renditions', 'r.jpg')
    const status = async (to: string) => (await fetch(to)).status
    expect(await status(from.replace('/renditions/', '/originals/'))).toBe(403)
    expect(await status(from.replace('d=inline', 'd=attachment'))).toBe(403)
    expect(await status(from.replace(/e=\d/, 'e=9'))).toBe(403)
    expect(await status(from.slice(0, from.indexOf('?')))).toBe(403)
    expect(await status(from.replace(/blobs\/renditions\/\w+/, 'blobs/renditions/AAAA'))).toBe(403)
    expect(await status(`${url}/blobs/renditions/..%2f..%2fetc?s=x`)).toBe(403)
    expect(await status(await link('renditions', 'r.jpg', 'inline', 'x', -5))).toBe(403)
    expect(await status(await link('renditions', 'gone.jpg'))).toBe(404)
  })

  it('that nobody reads to its end is let go', async () => {
    await api.renditions.put('large.jpg', bytesOf(8_000_000), { contentType: 'image/jpeg' })
    const from = await link('renditions', 'large.jpg')
    for (let i = 0; i < 20; i++) {
      const stop = new AbortController()
      const response = await fetch(from, { signal: stop.signal })
      await response.body!.getReader().read()
      stop.abort()
    }
    if (platform === 'linux') await expect.poll(async () => (await readdir('/proc/self/fd')).length).toBeLessThan(100)
    expect((await (await fetch(from)).arrayBuffer()).byteLength).toBe(8_000_000)
    expect(api.logged.filter(({ level }) => level === 'error')).toEqual([])
  })
})
