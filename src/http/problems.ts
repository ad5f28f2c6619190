// Errors as problem documents (RFC 9457): every way a request can fail, told with a stable code and a sentence.
import type { Hook } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { ERRORS, type ErrorCode, ThumbsmithError, toThumbsmithError } from '../errors.ts'
import type { Problem } from './schemas.ts'
import type { ApiEnv, Services } from './services.ts'

interface ProblemOptions {
  /** Where HTTP has a better word than the code's own status. */
  status?: number
  errors?: Problem['errors']
  headers?: Record<string, string>
}

export function problem(c: Context<ApiEnv>, code: ErrorCode, detail?: string, options: ProblemOptions = {}): Response {
  const row = ERRORS[code]
  const status = (options.status ?? row.status) as ContentfulStatusCode
  const body: Problem = { type: `/docs#${code}`, title: row.message, status, code, detail: detail ?? row.message }
  if (options.errors) body.errors = options.errors
  const headers = { 'cache-control': 'no-store', ...options.headers, 'content-type': 'application/problem+json' }
  return c.body(JSON.stringify(body), status, headers)
}

/** The same body for what is not there and for what is somebody else's. */
export const notFound = (c: Context<ApiEnv>): Response => problem(c, 'not_found')

const RETRY_AFTER_SECONDS = 5

/** Anything thrown, as an answer. What is our own fault is logged with the request's id and told without detail. */
export function answerError(thrown: Error, c: Context<ApiEnv>, log: Services['log']): Response {
  const error = thrown instanceof HTTPException ? fromHttpException(thrown) : toThumbsmithError(thrown)
  const requestId = c.get('requestId')
  if (error.status >= 500)
    log.error(
      { requestId, method: c.req.method, path: c.req.path, code: error.code, detail: error.detail ?? error.stack },
      'a request failed',
    )
  const headers: Record<string, string> = { 'x-request-id': requestId }
  if (error.status === 503) headers['retry-after'] = String(RETRY_AFTER_SECONDS)
  if (error.code === 'auth.required')
    headers['www-authenticate'] = c.req.header('authorization')
      ? 'Bearer realm="thumbsmith", error="invalid_token"'
      : 'Bearer realm="thumbsmith"'
  if (error instanceof TooManyError) headers['retry-after'] = String(error.waitSeconds)
  const detail =
    error.status === 500 ? `${ERRORS.internal.message} The log tells more under ${requestId}.` : error.message
  return problem(c, error.status === 500 ? 'internal' : error.code, detail, { headers })
}

/** hono's own words for a body that is too long, of another type, or no JSON. */
function fromHttpException(exception: HTTPException): ThumbsmithError {
  if (exception.status === 413) return new ThumbsmithError('request.too_large')
  if (exception.status === 415) return new ThumbsmithError('request.invalid', 'Send the body as application/json.')
  if (exception.status === 400)
    return new ThumbsmithError('request.invalid', 'The body of the request is not valid JSON.')
  return toThumbsmithError(exception.cause ?? exception)
}

export class TooManyError extends ThumbsmithError {
  readonly waitSeconds: number

  constructor(waitSeconds: number) {
    super('request.too_many', `Too many requests. Wait ${waitSeconds} s and go on.`)
    this.waitSeconds = waitSeconds
  }
}

/** What zod found wrong. An id or a preset that cannot exist is answered as one that does not. */
export const answerInvalid: Hook<unknown, ApiEnv, string, Response | undefined> = (result, c) => {
  if (result.success) return undefined
  if (result.target === 'param') return notFound(c)
  const errors = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          path: [...issue.path, key].join('.'),
          message: 'is not known here. Leave it out, or mend its spelling.',
        }))
      : { path: issue.path.join('.'), message: issue.message },
  )
  const parts = errors.map((error) => error.path || 'the body').join(', ')
  return problem(c, 'request.invalid', `The request is not valid: see ${parts}.`, { errors })
}
