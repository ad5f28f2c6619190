// Pages of other sites, names that are not ours, and the headers on every answer that is for browsers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOME, openApi, type TestApi, tokenFor } from '../../test/api.ts'
import type { Problem } from './schemas.ts'

const GOOD = 'https://good.example'
const FOREIGN = [
  'null',
  'https://evil.example',
  'https://good.example.evil.com',
  'https://evilgood.example',
  'http://good.example',
  'https://good.example:444',
  'https://GOOD.example.',
  'http://127.0.0.1:8081',
  'https://127.0.0.1:8080',
  'http://127.0.0.1.evil.com:8080',
  '',
]

let api: TestApi
let alice: string
beforeAll(async () => {
  api = await openApi()
  alice = await tokenFor('alice')
})
afterAll(() => api.close())

const ROUTES: [string, string][] = [
  ['GET', '/v1/about'],
  ['GET', '/v1/originals/none'],
  ['POST', '/v1/uploads'],
  ['PUT', '/v1/about'],
  ['GET', '/nope'],
  ['GET', '/healthz'],
  ['GET', '/openapi.json'],
  ['GET', '/blobs/originals/abc'],
  ['POST', '/blobs/originals'],
]

describe('pages of other sites', () => {
  it.each(ROUTES)('that are listed may read every answer, errors too: %s %s', async (method, path) => {
    for (const as of [alice, undefined]) {
      const response = await api.ask(method, path, { ...(as && { as }), headers: { origin: GOOD } })
      expect(response.headers.get('access-control-allow-origin')).toBe(GOOD)
      expect(response.headers.get('access-control-allow-credentials')).toBe('true')
      expect(response.headers.get('access-control-expose-headers')).toContain('retry-after')
      expect(response.headers.get('vary')).toContain('Origin')
    }
  })

  it.each(FOREIGN)('that are not listed may read nothing: %j', async (origin) => {
    for (const [method, path] of ROUTES) {
      const response = await api.ask(method, path, { as: alice, headers: { origin } })
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    }
    const preflight = await api.ask('OPTIONS', '/v1/uploads', {
      headers: { origin, 'access-control-request-method': 'POST' },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })

  it.each(FOREIGN)('that are not listed may change nothing: %j', async (origin) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      for (const path of ['/v1/uploads', '/v1/originals/abc', '/blobs/originals']) {
        const response = await api.ask(method, path, { as: alice, headers: { origin } })
        expect(response.status).toBe(403)
        expect(((await response.json()) as Problem).code).toBe('auth.forbidden')
      }
  })

  it('are told by preflight what they may send', async () => {
    const headers = {
      origin: GOOD,
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization',
    }
    const response = await api.ask('OPTIONS', '/v1/originals/abc', { headers })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe(GOOD)
    expect(response.headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(response.headers.get('access-control-allow-headers')).toContain('authorization')
  })

  it('cannot hide where they are by leaving out the Origin', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const response = await api.ask('POST', '/v1/uploads', { as: alice, headers: { 'sec-fetch-site': site } })
      expect(response.status).toBe(403)
    }
    const own = await api.ask('POST', '/v1/uploads', { as: alice, headers: { 'sec-fetch-site': 'same-origin' } })
    expect(own.status).toBe(400)
  })

  it('may change things from our own pages, under every name of this machine', async () => {
    for (const origin of [HOME, 'http://localhost:8080', 'http://[::1]:8080', GOOD]) {
      const body = { filename: 'a.jpg', contentType: 'image/jpeg', bytes: 1 }
      expect((await api.ask('POST', '/v1/uploads', { as: alice, body, headers: { origin } })).status).toBe(201)
    }
  })
})

describe('the Host', () => {
  const get = (host: string, path = '/v1/about') => api.ask('GET', path, { as: alice, headers: { host } })

  it.each(['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', 'LOCALHOST:8080'])('is ours: %s', async (host) => {
    expect((await get(host)).status).toBe(200)
  })

  it.each([
    'evil.example',
    'evil.example:8080',
    '127.0.0.1',
    '127.0.0.1:80',
    'localhost:8081',
    '127.0.0.1.evil.example:8080',
    'localhost.:8080',
    'a b',
    '127.0.0.1:8080@evil.example',
  ])('is not ours: %s', async (host) => {
    for (const path of ['/v1/about', '/', '/docs', '/blobs/originals/abc', '/nope']) {
      const response = await get(host, path)
      expect(response.status).toBe(421)
      expect(((await response.json()) as Problem).code).toBe('auth.forbidden')
    }
    expect((await get(host, '/healthz')).status).toBe(200)
  })

  it('decides under which of our names links and tickets lead back', async () => {
    const body = { filename: 'a.jpg', contentType: 'image/jpeg', bytes: 1 }
    const response = await api.ask('POST', '/v1/uploads', { as: alice, body, headers: { host: 'localhost:8080' } })
    expect(((await response.json()) as { ticket: { url: string } }).ticket.url).toBe(
      'http://localhost:8080/blobs/originals',
    )
  })

  it('behind a proxy is the public name, with its own scheme', async () => {
    const proxied = await openApi({ origins: { own: ['https://pictures.example.com'], allowed: [] } })
    for (const host of ['pictures.example.com', 'pictures.example.com:443']) {
      const body = { filename: 'a.jpg', contentType: 'image/jpeg', bytes: 1 }
      const response = await proxied.ask('POST', '/v1/uploads', { as: alice, body, headers: { host } })
      expect(((await response.json()) as { ticket: { url: string } }).ticket.url).toBe(
        'https://pictures.example.com/blobs/originals',
      )
    }
    for (const host of ['localhost', '127.0.0.1:8080', 'pictures.example.com:80'])
      expect((await proxied.ask('GET', '/docs', { headers: { host } })).status).toBe(421)
    await proxied.close()
  })
})

describe('headers that keep a browser honest', () => {
  it.each(ROUTES)('are on every answer: %s %s', async (method, path) => {
    const response = await api.ask(method, path, { as: alice })
    const policy = response.headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe-inline')
    expect(policy).not.toContain("'unsafe-eval'")
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(response.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
  })

  it('let the dashboard reach the stores, and nothing else', async () => {
    const origins = { own: [HOME], allowed: [], stores: ['https://s3.example.com'] }
    const elsewhere = await openApi({ origins })
    const policy = (await elsewhere.ask('GET', '/docs')).headers.get('content-security-policy')!.split('; ')
    expect(policy).toContain("img-src 'self' blob: data: https://s3.example.com")
    expect(policy).toContain("connect-src 'self' https://s3.example.com")
    expect(policy).toContain("frame-ancestors 'none'")
    await elsewhere.close()
  })
})
