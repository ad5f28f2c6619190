// Routes of originals and their renditions: list, read, edit, retry, remove, and the lasting link to a picture.
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { compress } from 'hono/compress'
import type { Entry } from '../catalogue.ts'
import { ThumbsmithError } from '../errors.ts'
import { idOfKey, keyOfId } from '../original.ts'
import { renditionNameSchema } from '../preset-schema.ts'
import { ownKey, readOwn } from './access.ts'
import { idParams, json, jsonBody, PROBLEMS } from './documents.ts'
import { editSchema, idSchema, originalListSchema, originalSchema } from './schemas.ts'
import { pictureResourcePolicy } from './security.ts'
import type { Api, ApiEnv, Services } from './services.ts'
import { etagOf, isSettled, type Linker, renditionFilename, stateNow, viewOf } from './views.ts'

const LIST_MAX = 200
const UNCHANGED = { 304: { description: 'Not changed since the `If-None-Match` that was sent.' } } as const
const original = json('The original as it stands.', originalSchema)

const listOriginals = createRoute({
  method: 'get',
  path: '/v1/originals',
  summary: 'List originals, newest first',
  description: 'Those that came by ticket come newest first; others stand in the order of their keys.',
  request: {
    query: z.object({
      cursor: idSchema.optional().openapi({ description: '`next` of the page before.' }),
      limit: z.coerce.number().int().min(1).max(LIST_MAX).default(50),
    }),
  },
  // A page repeats itself a lot: a sixth of its bytes is sent. All else that is answered is small, or compressed already.
  middleware: compress({ encoding: 'gzip' }),
  responses: { 200: json('One page.', originalListSchema), ...UNCHANGED, ...PROBLEMS },
})

const readOriginal = createRoute({
  method: 'get',
  path: '/v1/originals/{id}',
  summary: 'Read one original',
  description: 'While it is not settled the answer has `Retry-After`: ask again then, with `If-None-Match`.',
  request: { params: idParams },
  responses: { 200: original, ...UNCHANGED, ...PROBLEMS },
})

const editOriginal = createRoute({
  method: 'patch',
  path: '/v1/originals/{id}',
  summary: 'Change the title or the focus',
  description: 'Renditions that depend on it are rendered anew, without another upload.',
  request: { params: idParams, body: jsonBody(editSchema) },
  responses: { 200: original, ...PROBLEMS },
})

const completeOriginal = createRoute({
  method: 'post',
  path: '/v1/originals/{id}/complete',
  summary: 'Say that the upload is complete',
  description: 'Optional, and harmless to repeat: without it the original is found a little later.',
  request: { params: idParams },
  responses: { 200: original, ...PROBLEMS },
})

const retryOriginal = createRoute({
  method: 'post',
  path: '/v1/originals/{id}/retry',
  summary: 'Try once more what failed',
  request: { params: idParams },
  responses: { 200: original, ...PROBLEMS },
})

const removeOriginal = createRoute({
  method: 'delete',
  path: '/v1/originals/{id}',
  summary: 'Remove an original and its renditions',
  request: { params: idParams },
  responses: { 204: { description: 'Removed.' }, ...PROBLEMS },
})

const readRendition = createRoute({
  method: 'get',
  path: '/v1/originals/{id}/renditions/{preset}',
  summary: 'Follow the lasting link to a rendition',
  description: 'Leads to a signed link that is good for a short while.',
  request: { params: idParams.extend({ preset: renditionNameSchema }) },
  responses: { 302: { description: 'See `Location`.' }, ...PROBLEMS },
})

export function originalRoutes(api: Api, services: Services, links: Linker): void {
  const { rules, catalogue, limits, origins } = services
  const view = (c: Context<ApiEnv>, entry: Entry) => viewOf(entry, c.get('origin')!, links)

  api.openapi(listOriginals, async (c) => {
    const { cursor, limit } = c.req.valid('query')
    const after = cursor === undefined ? undefined : keyOfId(cursor)
    if (cursor !== undefined && after === undefined)
      throw new ThumbsmithError('request.invalid', 'The cursor is none that we gave. Start without it.')
    const { owner, operator } = c.get('identity')
    // One more than asked for tells whether there is a next page.
    const entries = await catalogue.list({ owner: operator ? undefined : owner, after, limit: limit + 1 })
    const page = entries.slice(0, limit)
    revalidate(c, etagOf(entries, limits.linkSeconds))
    c.header('Vary', 'Accept-Encoding', { append: true })
    if (isFresh(c)) return c.body(null, 304)
    const originals = await Promise.all(page.map((entry) => view(c, entry)))
    return c.json({ originals, ...(entries.length > limit && { next: idOfKey(page.at(-1)!.head.key) }) }, 200)
  })

  api.openapi(readOriginal, async (c) => {
    const entry = await readOwn(c, services, c.req.valid('param').id)
    revalidate(c, etagOf([entry], limits.linkSeconds))
    if (!isSettled(stateNow(entry))) c.header('Retry-After', String(retryAfterSeconds(entry)))
    return isFresh(c) ? c.body(null, 304) : c.json(await view(c, entry), 200)
  })

  api.openapi(editOriginal, async (c) => {
    const key = ownKey(c, rules, c.req.valid('param').id)
    return c.json(await view(c, await catalogue.edit(key, c.req.valid('json'))), 200)
  })

  api.openapi(completeOriginal, async (c) => {
    const key = ownKey(c, rules, c.req.valid('param').id)
    return c.json(await view(c, await catalogue.complete(key)), 200)
  })

  api.openapi(retryOriginal, async (c) => {
    const key = ownKey(c, rules, c.req.valid('param').id)
    return c.json(await view(c, await catalogue.retry(key)), 200)
  })

  api.openapi(removeOriginal, async (c) => {
    const entry = await readOwn(c, services, c.req.valid('param').id)
    await catalogue.remove(entry.head.key)
    return c.body(null, 204)
  })

  api.openapi(readRendition, async (c) => {
    const { id, preset } = c.req.valid('param')
    const entry = await readOwn(c, services, id)
    const object = entry.presets.includes(preset) ? entry.manifest?.renditions[preset]?.object : undefined
    if (!object) throw new ThumbsmithError('not_found', 'This rendition is not there, or not there yet.')
    const filename = renditionFilename(entry.head.key, preset, object)
    c.header('Cache-Control', 'no-store')
    c.header('Cross-Origin-Resource-Policy', pictureResourcePolicy(origins))
    return c.redirect(await links.link(c.get('origin')!, object, 'inline', filename), 302)
  })
}

/** Lets browsers keep an answer but ask each time whether it still holds. */
function revalidate(c: Context<ApiEnv>, etag: string): void {
  c.header('ETag', etag)
  c.header('Cache-Control', 'private, no-cache')
  c.header('Vary', 'Authorization, Cookie')
}

function isFresh(c: Context<ApiEnv>): boolean {
  const asked = c.req.header('if-none-match')
  const etag = c.res.headers.get('etag')
  return asked !== undefined && etag !== null && asked.split(',').some((tag) => tag.trim() === etag)
}

/** Most originals settle within a second or two; one that did not is not worth asking for as often. */
function retryAfterSeconds({ head, manifest }: Entry): number {
  const changed = manifest ? Date.parse(manifest.updatedAt) : head.modified.getTime()
  return Date.now() - changed < 60_000 ? 1 : 5
}
