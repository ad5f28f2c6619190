// Good tokens, crafted tokens, and an issuer that is away.
import {
  base64url,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Loopback, openLoopback } from '../../test/servers/loopback.ts'
import type { Auth } from './auth.ts'
import { jwtAuth, TOKEN_COOKIE } from './jwt.ts'

const ISSUER = 'https://issuer.example'
const AUDIENCE = 'thumbsmith'
const SECRET = 'a secret of more than thirty-two bytes, for tests'

let server: Loopback
let jwksUrl: string
let asked: string[]
let mode: 'well' | 'away' | 'nonsense' = 'well'
let privateKey: CryptoKey
let publicPem: string
let strangerKey: CryptoKey
let ecKey: CryptoKey
let byKeys: Auth
let bySecret: Auth

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true })
  const ec = await generateKeyPair('ES256', { extractable: true })
  ;[privateKey, ecKey] = [pair.privateKey, ec.privateKey]
  publicPem = await exportSPKI(pair.publicKey)
  strangerKey = (await generateKeyPair('RS256')).privateKey
  const keys = [
    { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(ec.publicKey)), kid: 'two', alg: 'ES256', use: 'sig' },
  ]
  asked = []
  server = await openLoopback(({ request }) => {
    asked.push(request.url!)
    if (mode === 'away') return { status: 502, body: 'gone' }
    const body = mode === 'nonsense' ? '{"keys":7}' : JSON.stringify({ keys })
    return { headers: { 'content-type': 'application/json' }, body }
  })
  jwksUrl = `${server.url}/jwks`
  const operator = { claim: 'groups', value: 'staff' }
  byKeys = jwtAuth({ issuer: ISSUER, audience: AUDIENCE, keys: { jwksUrl }, operator })
  bySecret = jwtAuth({ issuer: ISSUER, audience: AUDIENCE, keys: { secret: SECRET }, operator })
})
afterAll(() => server.close())

const now = () => Math.floor(Date.now() / 1000)
const good = (): JWTPayload => ({ iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: now(), exp: now() + 600 })
const sign = (payload: JWTPayload, header: Record<string, unknown> = {}, key: CryptoKey | Uint8Array = privateKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'one', ...header }).sign(key)
const bytes = (text: string) => new TextEncoder().encode(text)
const hs = (payload: JWTPayload, secret = SECRET) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(bytes(secret))
const ask = (auth: Auth, token: string) =>
  auth.identify(new Request('http://x/', { headers: { authorization: `Bearer ${token}` } }))
const raw = (header: object, payload: object, signature = '') =>
  `${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(payload))}.${signature}`

describe('a good token', () => {
  it('says who asks', async () => {
    expect(await ask(byKeys, await sign(good()))).toEqual({ owner: 'alice', operator: false })
    expect(await ask(byKeys, await sign(good(), { alg: 'ES256', kid: 'two' }, ecKey))).toEqual({
      owner: 'alice',
      operator: false,
    })
    expect(await ask(bySecret, await hs(good()))).toEqual({ owner: 'alice', operator: false })
    expect(await ask(byKeys, await sign({ ...good(), aud: ['other', AUDIENCE] }))).toEqual({
      owner: 'alice',
      operator: false,
    })
  })

  it('may say that an operator asks', async () => {
    const operator = async (groups: unknown) => (await ask(bySecret, await hs({ ...good(), groups })))!.operator
    expect(await operator('staff')).toBe(true)
    expect(await operator(['x', 'staff'])).toBe(true)
    for (const groups of ['staffer', ['x'], true, { staff: true }, '*', null, [['staff']]])
      expect([groups, await operator(groups)]).toEqual([groups, false])
    const nobody = jwtAuth({ issuer: ISSUER, audience: AUDIENCE, keys: { secret: SECRET } })
    expect((await ask(nobody, await hs({ ...good(), undefined: 'undefined', groups: 'staff' })))!.operator).toBe(false)
  })

  it('may come as a cookie, but not beside a header', async () => {
    const token = await hs(good())
    const identify = (headers: Record<string, string>) => bySecret.identify(new Request('http://x/', { headers }))
    expect(await identify({ cookie: `a=b; ${TOKEN_COOKIE}=${token}; c=d` })).toMatchObject({ owner: 'alice' })
    expect(await identify({ cookie: `x${TOKEN_COOKIE}=${token}` })).toBeUndefined()
    expect(await identify({ cookie: `${TOKEN_COOKIE}=${token}`, authorization: 'Bearer x' })).toBeUndefined()
    expect(await identify({})).toBeUndefined()
  })

  it('asks the issuer for its keys once', async () => {
    const auth = jwtAuth({ issuer: ISSUER, audience: AUDIENCE, keys: { jwksUrl } })
    asked.length = 0
    for (let i = 0; i < 20; i++) await ask(auth, await sign(good()))
    for (let i = 0; i < 20; i++) await ask(auth, await sign(good(), { kid: `unknown-${i}` }))
    expect(asked).toEqual(['/jwks'])
  })
})

describe('a crafted token is nobody', () => {
  const crafted: Record<string, () => Promise<string>> = {
    'alg none': async () => new UnsecuredJWT(good()).encode(),
    'alg None': async () => raw({ alg: 'None' }, good()),
    'no alg': async () => raw({}, good(), 'AA'),
    'HS256 with the public key as secret': () => hs(good(), publicPem),
    'HS256 with an empty secret': async () => raw({ alg: 'HS256' }, good(), 'AA'),
    'HS512 with the right secret': () =>
      new SignJWT(good()).setProtectedHeader({ alg: 'HS512' }).sign(bytes(SECRET.repeat(2))),
    'a stranger’s key': () => sign(good(), {}, strangerKey),
    'its own key in jwk': async () => {
      const pair = await generateKeyPair('RS256', { extractable: true })
      return sign(good(), { jwk: await exportJWK(pair.publicKey), kid: undefined }, pair.privateKey)
    },
    'its own keys at jku': () => sign(good(), { jku: new URL('/evil', jwksUrl).href, kid: 'evil' }, strangerKey),
    'its own certificate at x5u': () => sign(good(), { x5u: new URL('/evil', jwksUrl).href, kid: 'evil' }, strangerKey),
    'a kid that is a path': () => sign(good(), { kid: '../../../../dev/null' }, strangerKey),
    'a kid that is SQL': () => sign(good(), { kid: "x' UNION SELECT 'key" }, strangerKey),
    'an unknown critical header': async () => {
      const signed = await sign(good())
      const [, payload, signature] = signed.split('.')
      return `${base64url.encode(JSON.stringify({ alg: 'RS256', kid: 'one', crit: ['x'], x: 1 }))}.${payload}.${signature}`
    },
    'another audience': () => sign({ ...good(), aud: 'another-app' }),
    'no audience': () => sign({ ...good(), aud: undefined }),
    'another issuer': () => sign({ ...good(), iss: 'https://issuer.example.evil.com' }),
    'no issuer': () => sign({ ...good(), iss: undefined }),
    'its time past': () => sign({ ...good(), exp: now() - 120 }),
    'no end': () => sign({ ...good(), exp: undefined }),
    'its time yet to come': () => sign({ ...good(), nbf: now() + 600 }),
    'no subject': () => sign({ ...good(), sub: undefined }),
    'an empty subject': () => sign({ ...good(), sub: '' }),
    'a subject that is no string': () => sign({ ...good(), sub: 7 as unknown as string }),
    'a subject without end': () => sign({ ...good(), sub: 'x'.repeat(5000) }),
    'a changed payload': async () => {
      const [header, , signature] = (await sign(good())).split('.')
      return `${header}.${base64url.encode(JSON.stringify({ ...good(), sub: 'bob' }))}.${signature}`
    },
    'a cut signature': async () => (await sign(good())).slice(0, -8),
    'RS256 said to be ES256': () => sign(good(), { kid: 'two' }),
    'five parts': async () => 'a.b.c.d.e',
    'no parts': async () => 'x',
    'parts that are no JSON': async () => `${base64url.encode('{')}.${base64url.encode('[')}.AA`,
  }

  it.each(Object.keys(crafted))('%s', async (name) => {
    asked.length = 0
    const token = await crafted[name]!()
    expect(await ask(byKeys, token)).toBeUndefined()
    expect(await ask(bySecret, token)).toBeUndefined()
    expect(asked.filter((path) => path !== '/jwks')).toEqual([])
  })

  it('with the wrong secret', async () => {
    expect(await ask(bySecret, await hs(good(), `${SECRET}!`))).toBeUndefined()
  })

  it('that would be good elsewhere: public-key tokens where a secret is shared', async () => {
    const key = (await importJWK({ ...(await exportJWK(privateKey)) }, 'RS256')) as CryptoKey
    expect(await ask(bySecret, await sign(good(), {}, key))).toBeUndefined()
    expect(await ask(byKeys, await hs(good()))).toBeUndefined()
  })
})

describe('an issuer that is away', () => {
  it.each(['away', 'nonsense'] as const)('is no fault of the token: %s', async (how) => {
    const auth = jwtAuth({ issuer: ISSUER, audience: AUDIENCE, keys: { jwksUrl } })
    mode = how
    await expect(ask(auth, await sign(good()))).rejects.toMatchObject({ code: 'auth.unavailable', status: 503 })
    mode = 'well'
    expect(await ask(auth, await sign(good()))).toMatchObject({ owner: 'alice' })
  })

  it('cannot be reached at all', async () => {
    const auth = jwtAuth({ issuer: ISSUER, audience: AUDIENCE, keys: { jwksUrl: 'http://127.0.0.1:1/jwks' } })
    await expect(ask(auth, await sign(good()))).rejects.toMatchObject({ code: 'auth.unavailable' })
  })
})

it('refuses to start with a secret that can be guessed', () => {
  expect(() => jwtAuth({ issuer: ISSUER, audience: AUDIENCE, keys: { secret: 'short' } })).toThrow(/32 bytes/)
})
