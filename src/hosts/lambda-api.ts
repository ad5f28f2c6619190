// The API as a Lambda behind API Gateway: the same app as the server's, without live events and without rendering.
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda'
import { openCatalogue } from '../catalogue.ts'
import { readConfig } from '../config.ts'
import { httpApp } from '../http/app.ts'
import type { Api } from '../http/services.ts'
import { tokenBuckets } from '../http/throttle.ts'
import { dashboardFiles } from './dashboard.ts'
import { openLog } from './log.ts'
import { openAuth } from './open.ts'
import { packageFiles } from './package-files.ts'
import { openRoad, readiness } from './road.ts'
import { linkOrigins } from './stores.ts'
import { VERSION } from './version.ts'

/** `domainName`: that of the gateway, under which requests arrive also when they come through CloudFront. */
async function openApi(domainName: string): Promise<Api> {
  // Everybody can reach it, so the rules for a server on a public address hold.
  const config = readConfig({ ...process.env, HOST: '0.0.0.0' })
  const log = openLog(config.logLevel)
  const auth = await openAuth(config)
  const running = await openRoad(config, log, { render: false })
  const { road, stores, queue } = running
  const { rules, presets, limits } = config
  const { originals, renditions } = stores
  return httpApp({
    version: VERSION,
    rules,
    presets,
    limits,
    auth,
    originals,
    renditions,
    catalogue: openCatalogue({ rules, presets, originals, state: road.state, queue, feed: road.feed }),
    feed: undefined,
    log,
    origins: {
      own: [...new Set([config.publicUrl, `https://${domainName}`])],
      allowed: config.allowedOrigins,
      stores: await linkOrigins(stores),
    },
    rateLimit: tokenBuckets({ perSecond: 20, burst: 400 }),
    dashboard: dashboardFiles(),
    packages: packageFiles(),
    ready: () => readiness(running),
  })
}

let opening: Promise<Api> | undefined

export async function handler(event: LambdaEvent, context?: LambdaContext) {
  const { domainName } = event.requestContext as { domainName: string }
  opening ??= openApi(domainName)
  // What could not be opened is opened anew for the next request.
  const api = await opening.catch((error: unknown) => {
    opening = undefined
    throw error
  })
  return handle(api)(event, context)
}
