// Health, what is offered, and the files of the dashboard.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi, type TestApi, tokenFor } from '../../test/api.ts'

let api: TestApi
let alice: string
beforeAll(async () => {
  api = await openApi()
  alice = await tokenFor('alice')
})
afterAll(() => api.close())

describe('pages', () => {
  it('say whether the server is well', async () => {
    expect((await api.ask('GET', '/healthz')).status).toBe(200)
    expect(await (await api.ask('GET', '/readyz')).json()).toEqual({ ok: true, problems: [] })
    const ill = await openApi({ ready: async () => ({ ok: false, problems: ['The disk is away.'] }) })
    const own = await ill.ask('GET', '/readyz')
    expect([own.status, await own.json()]).toEqual([503, { ok: false, problems: ['The disk is away.'] }])
    const foreign = await ill.ask('GET', 'http://10.0.0.7:8080/readyz')
    expect([foreign.status, await foreign.json()]).toEqual([503, { ok: false, problems: [] }])
    await ill.close()
  })

  it('say what is offered', async () => {
    const about = await (await api.ask('GET', '/v1/about', { as: alice })).json()
    expect(about).toMatchObject({
      version: '1.2.3',
      owner: 'alice',
      operator: false,
      upload: { offered: true, maxBytes: 1e6 },
      events: true,
    })
    const { presets } = (await (await api.ask('GET', '/v1/presets', { as: alice })).json()) as { presets: unknown[] }
    expect(presets).toMatchObject([{ name: 'small', title: false, preset: { width: 64 } }, { name: 'square' }])
  })

  it('send the dashboard, compressed where that is understood', async () => {
    const bytes = (text: string) => new TextEncoder().encode(text)
    const files: Record<string, object> = {
      'index.html': {
        contentType: 'text/html; charset=utf-8',
        body: bytes('<p>hello'),
        br: bytes('BR'),
        gzip: bytes('GZ'),
      },
      'assets/index-1a2b.js': { contentType: 'text/javascript', body: bytes('1') },
      'assets/proof-worker-3c4d.js': { contentType: 'text/javascript', body: bytes('2') },
      'favicon.svg': { contentType: 'image/svg+xml', body: bytes('<svg/>') },
    }
    const served = await openApi({ dashboard: (path) => files[path] as never })
    const get = (path: string, encoding = '', headers = {}) =>
      served.ask('GET', path, { headers: { 'accept-encoding': encoding, ...headers } })
    const page = await get('/')
    expect([await page.text(), page.headers.get('content-encoding'), page.headers.get('cache-control')]).toEqual([
      '<p>hello',
      null,
      'no-cache',
    ])
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';")
    expect(page.headers.get('vary')).toContain('Accept-Encoding')
    expect((await get('/', 'gzip, br')).headers.get('content-encoding')).toBe('br')
    expect((await get('/', 'gzip')).headers.get('content-encoding')).toBe('gzip')
    expect((await get('/', 'br;q=0, gzip; q=0.0')).headers.get('content-encoding')).toBeNull()
    expect((await get('/', '', { 'if-none-match': page.headers.get('etag')! })).status).toBe(304)
    expect((await get('/assets/index-1a2b.js')).headers.get('cache-control')).toBe(
      'public, max-age=31536000, immutable',
    )
    const worker = await get('/assets/proof-worker-3c4d.js')
    expect(worker.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
    )
    expect((await get('/favicon.svg')).headers.get('content-type')).toBe('image/svg+xml')
    expect((await get('/assets/..%2findex.html')).status).toBe(404)
    expect((await served.ask('HEAD', '/')).status).toBe(200)
    await served.close()
  })

  it('send a package’s file in parts, where parts are asked for', async () => {
    const body = Uint8Array.of(0, 1, 2, 3, 4)
    const served = await openApi({ packages: async () => ({ contentType: 'font/woff2', body }) })
    const get = async (range: string) => {
      const answer = await served.ask('GET', '/packages/1a2b/@fontsource/anton/a.woff2', { headers: { range } })
      return [answer.status, answer.headers.get('content-range'), ...new Uint8Array(await answer.arrayBuffer())]
    }
    expect(await get('bytes=0-1')).toEqual([206, 'bytes 0-1/5', 0, 1])
    for (const last of ['bytes=3-999', 'bytes=3-', 'bytes=-2'])
      expect(await get(last), last).toEqual([206, 'bytes 3-4/5', 3, 4])
    for (const none of ['', 'bytes=5-9', 'bytes=3-1', 'bytes=0-0,2-3', 'lines=0-1'])
      expect(await get(none), none).toEqual([200, null, ...body])
    await served.close()
  })
})
