// URL -> driver, imported only when it is asked for.
import type { Auth } from '../auth/auth.ts'
import { ThumbsmithError } from '../errors.ts'
import type { Notifier } from '../notify/notifier.ts'
import type { PoolOptions } from '../render/pool.ts'
import type { Renderer } from '../render/renderer.ts'
import type { Log } from '../road.ts'
import type { Config } from '../settings.ts'
import { parseUrl } from './stores.ts'

const invalid = (message: string) => new ThumbsmithError('config.invalid', message)

export async function openAuth(config: Config): Promise<Auth> {
  const { noAuth } = await import('../auth/none.ts')
  if (config.auth === 'none') return noAuth()
  const { rest } = parseUrl('THUMBSMITH_AUTH', config.auth, ['none', 'jwt'])
  const { jwtAuth } = await import('../auth/jwt.ts')
  const query = new URLSearchParams(rest.replace(/^\?/, ''))
  const issuer = query.get('issuer')
  const audience = query.get('audience')
  if (!issuer || !audience)
    throw invalid('THUMBSMITH_AUTH names no issuer or no audience. Write jwt:?issuer=https://…&audience=…')
  const jwks = query.get('jwks')
  if (!jwks && !config.authSecret)
    throw invalid('THUMBSMITH_AUTH has no &jwks=https://… Add it, or set THUMBSMITH_AUTH_SECRET.')
  const [claim, value] = query.get('operator')?.split('=', 2) ?? []
  return jwtAuth({
    issuer,
    audience,
    keys: jwks ? { jwksUrl: jwks } : { secret: config.authSecret },
    operator: claim && value ? { claim, value } : undefined,
  })
}

export async function openNotifiers(config: Config, log: Log): Promise<Record<string, Notifier>> {
  const notifiers: Record<string, Notifier> = {}
  for (const [name, url] of Object.entries(config.notifiers))
    notifiers[name] = await openNotifier(name, url, config, log)
  return notifiers
}

async function openNotifier(name: string, url: string, config: Config, log: Log): Promise<Notifier> {
  const { scheme, rest } = parseUrl(`notifiers.${name} in ${config.file}`, url, ['log', 'sns', 'https', 'http'])
  if (scheme === 'log') return (await import('../notify/log.ts')).logNotifier(name, log)
  if (scheme === 'sns') return (await import('../notify/sns.ts')).snsNotifier(name, rest || config.snsTopic)
  const { webhookNotifier } = await import('../notify/webhook.ts')
  return webhookNotifier(name, { url, secret: config.webhookSecret })
}

/** `size` decoder processes. */
export async function openRenderer(config: Config, size: number, options: DecoderStart = {}): Promise<Renderer> {
  const [{ removeLeftFolders }, { poolRenderer }] = await Promise.all([
    import('../render/folders.ts'),
    import('../render/pool.ts'),
  ])
  removeLeftFolders()
  const { uploadMaxBytes: maxBytes, tiff } = config.limits
  return poolRenderer({ size, limits: { maxBytes }, tiff, ...options })
}

/** Node's own options for each decoder process, and the first one where it runs already. */
type DecoderStart = Pick<PoolOptions, 'execArgv' | 'first'>
