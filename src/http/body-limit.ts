// How large a body may be: what says its length is judged by that, and only the rest is counted.
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ApiEnv } from './services.ts'

/** As hono's own, which builds a web stream of every body to look for one: an eighth of the CPU in a storm of store events. */
export function limitBytes(
  maxSize: number,
  onError: (c: Context<ApiEnv>) => Response | Promise<Response>,
): MiddlewareHandler<ApiEnv> {
  const counted = bodyLimit({ maxSize, onError })
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    const said = c.req.header('content-length')
    if (said === undefined || c.req.header('transfer-encoding') !== undefined) return counted(c, next)
    return Number(said) <= maxSize ? next() : onError(c)
  }
}
