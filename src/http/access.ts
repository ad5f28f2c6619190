// Whose originals are whose: the one gate between an id in a request and an entry of the catalogue.
import type { Context, MiddlewareHandler } from 'hono'
import type { Identity } from '../auth/auth.ts'
import type { Entry } from '../catalogue.ts'
import { ThumbsmithError } from '../errors.ts'
import { keyOfId, RESERVED_PREFIX } from '../original.ts'
import { OPERATOR, ownerOf, type Rule, ruleFor } from '../rule.ts'
import { checkKey } from '../storage/storage.ts'
import type { ApiEnv, Services } from './services.ts'

export function requireIdentity(auth: Services['auth']): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const identity = await auth.identify(c.req.raw)
    if (!identity) throw new ThumbsmithError('auth.required')
    // The name of those originals that are nobody's else: an issuer may call a person so, but that opens no door.
    if (identity.owner === OPERATOR && !identity.operator)
      throw new ThumbsmithError('auth.forbidden', `The name "${OPERATOR}" is reserved; sign in under another.`)
    c.set('identity', identity)
    await next()
  }
}

export const mayRead = (identity: Identity, owner: string): boolean => identity.operator || identity.owner === owner

/**
 * The key that an id of this request names. Whose it is follows from the key alone, before anything is read: so what is not yours takes
 * as long, and says as little, as what is not there.
 */
export function ownKey(c: Context<ApiEnv>, rules: Rule[], id: string): string {
  const key = keyOfId(id)
  const rule = key === undefined || key.startsWith(RESERVED_PREFIX) ? undefined : ruleFor(rules, key)
  if (key === undefined || !rule || !mayRead(c.get('identity'), ownerOf(rule, key)))
    throw new ThumbsmithError('not_found')
  try {
    checkKey(key)
  } catch (error) {
    throw new ThumbsmithError('not_found', undefined, { cause: error })
  }
  return key
}

export async function readOwn(c: Context<ApiEnv>, { rules, catalogue }: Services, id: string): Promise<Entry> {
  const entry = await catalogue.read(ownKey(c, rules, id))
  if (!entry || !mayRead(c.get('identity'), entry.owner)) throw new ThumbsmithError('not_found')
  return entry
}
