// Who may talk to us from a browser, and what a browser may do with our answers: Host, Origin, CORS, CSP and their kin.
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { problem } from './problems.ts'
import type { ApiEnv, Services } from './services.ts'

type Origins = Services['origins']

/** Names for one's own machine are one place: whoever opened the page by one may use it by the others. */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

/** Every origin that is ours, by the Host header a browser sends for it. */
function ownHosts(own: string[]): Map<string, string> {
  const hosts = new Map<string, string>()
  for (const origin of own) {
    const url = new URL(origin)
    for (const hostname of LOOPBACK.includes(url.hostname) ? [url.hostname, ...LOOPBACK] : [url.hostname]) {
      const alias = new URL(`${url.protocol}//${hostname}${url.port && `:${url.port}`}`)
      if (!hosts.has(alias.host)) hosts.set(alias.host, alias.origin)
      // A proxy may spell out the port that is the scheme's own.
      if (alias.port === '') hosts.set(`${alias.host}:${alias.protocol === 'https:' ? 443 : 80}`, alias.origin)
    }
  }
  return hosts
}

/** Finds which of our origins was asked for. The Host header is never believed beyond that list: it ends in tickets and links. */
export function recogniseHost(origins: Origins): MiddlewareHandler<ApiEnv> {
  const hosts = ownHosts(origins.own)
  return async (c, next) => {
    c.set('origin', hosts.get((c.req.header('host') ?? new URL(c.req.url).host).toLowerCase()))
    await next()
  }
}

/** Refuses a Host that is not ours: a page whose name was re-pointed to this machine (DNS rebinding) is not the dashboard. */
export function requireOwnHost(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (c.get('origin') !== undefined) return next()
    const detail = 'This server does not answer under this name. Use its own address, or set THUMBSMITH_PUBLIC_URL.'
    return problem(c, 'auth.forbidden', detail, { status: 421 })
  }
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/** Refuses changes that a page of a foreign site asks for (CSRF). Programs send no Origin; browsers cannot leave it out. */
export function refuseForeignChanges(origins: Origins): MiddlewareHandler<ApiEnv> {
  const trusted = new Set([...ownHosts(origins.own).values(), ...origins.allowed])
  return async (c, next) => {
    const origin = c.req.header('origin')
    const site = c.req.header('sec-fetch-site')
    const foreign = origin === undefined ? site === 'cross-site' || site === 'same-site' : !trusted.has(origin)
    if (foreign && !SAFE_METHODS.includes(c.req.method))
      return problem(c, 'auth.forbidden', 'Pages of other sites may not do this. List the site as an allowed origin.')
    return next()
  }
}

export function crossOrigin(origins: Origins): MiddlewareHandler<ApiEnv> {
  const allowed = new Set(origins.allowed)
  return cors({
    origin: (origin) => (allowed.has(origin) ? origin : null),
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['authorization', 'content-type', 'if-none-match', 'last-event-id', 'range'],
    exposeHeaders: ['etag', 'retry-after', 'location', 'x-request-id', 'content-range', 'www-authenticate'],
    maxAge: 600,
    credentials: true,
  })
}

/** Headers for every answer but those to stores; what a route set itself stays. */
export function secureHeaders(origins: Origins): MiddlewareHandler<ApiEnv> {
  const stores = (origins.stores ?? []).map((origin) => ` ${origin}`).join('')
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' blob: data:${stores}`,
    `connect-src 'self'${stores}`,
    "font-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  const headers = {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
  }
  return async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(headers)) if (!c.res.headers.has(name)) c.res.headers.set(name, value)
    c.res.headers.set('x-request-id', c.get('requestId'))
  }
}

/** For the worker that draws titles: Skia is WebAssembly. */
export const PROOF_WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

/** For pictures: pages of the allowed sites may show them. */
export const pictureResourcePolicy = (origins: Origins): string =>
  origins.allowed.length ? 'cross-origin' : 'same-origin'
