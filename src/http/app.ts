// The API as one function of its services: Request -> Response. Here only the order in which its parts are asked.
import { OpenAPIHono } from '@hono/zod-openapi'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { ThumbsmithError } from '../errors.ts'
import { requireIdentity } from './access.ts'
import { blobRoutes } from './blobs.ts'
import { limitBytes } from './body-limit.ts'
import { eventRoutes } from './events.ts'
import { originalRoutes } from './originals.ts'
import { aboutRoutes, dashboardRoutes, documentRoutes, probeRoutes } from './pages.ts'
import { answerError, answerInvalid, notFound, problem } from './problems.ts'
import { crossOrigin, recogniseHost, refuseForeignChanges, requireOwnHost, secureHeaders } from './security.ts'
import type { Api, ApiEnv, Services } from './services.ts'
import { storeEventRoutes } from './store-events.ts'
import { uploadRoutes } from './uploads.ts'
import { linker } from './views.ts'

const BODY_MAX_BYTES = 128 * 1024
const BULK_MAX_BYTES = 2 * 1024 * 1024

/** `heartbeatMs`: how often a stream of events that has nothing to say shows that it is alive. */
export function httpApp(services: Services, options: { heartbeatMs?: number } = {}): Api {
  const { origins, auth, log, limits } = services
  const api = new OpenAPIHono<ApiEnv>({ defaultHook: answerInvalid })
  api.onError((error, c) => answerError(error, c, log))
  api.notFound(notFound)

  api.use(async (c, next) => {
    c.set('requestId', crypto.randomUUID())
    await next()
  })
  storeEventRoutes(api, services)
  api.use(secureHeaders(origins), crossOrigin(origins), recogniseHost(origins))
  probeRoutes(api, services)
  api.use(requireOwnHost(), refuseForeignChanges(origins))
  api.use(
    methodNotAllowed({
      app: api,
      onMethodNotAllowed: (c, methods) => {
        const allow = methods.join(', ')
        return problem(c, 'request.invalid', `This path knows only ${allow}.`, { status: 405, headers: { allow } })
      },
    }),
  )
  api.use('/v1/*', requireIdentity(auth))
  api.use('/v1/*', limitBody())

  const links = linker(services, limits.linkSeconds)
  uploadRoutes(api, services)
  originalRoutes(api, services, links)
  eventRoutes(api, services, links, options.heartbeatMs)
  aboutRoutes(api, services)
  blobRoutes(api, services)
  documentRoutes(api, services)
  dashboardRoutes(api, services)
  return api
}

function limitBody() {
  const onError = () => {
    throw new ThumbsmithError('request.too_large')
  }
  const one = limitBytes(BODY_MAX_BYTES, onError)
  const many = limitBytes(BULK_MAX_BYTES, onError)
  return (c: Parameters<typeof one>[0], next: Parameters<typeof one>[1]) =>
    (c.req.path === '/v1/uploads/bulk' ? many : one)(c, next)
}
