// The API as its clients meet it: an original's whole life, the list, and what every error looks like.
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi, picture, type TestApi, tokenFor } from '../../test/api.ts'
import { ERRORS } from '../errors.ts'
import { idOfKey } from '../original.ts'
import { type OriginalView, originalListSchema, originalSchema, type Problem, problemSchema } from './schemas.ts'

let api: TestApi
let alice: string
beforeAll(async () => {
  api = await openApi()
  alice = await tokenFor('alice')
})
afterAll(() => api.close())

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = problemSchema.parse(await response.json())
  expect(problem.status).toBe(response.status)
  expect(problem.code in ERRORS).toBe(true)
  expect(problem.type).toBe(`/docs#${problem.code}`)
  return problem
}

describe('an original over its life', () => {
  it('is uploaded, read, rendered, fetched, edited and removed', async () => {
    const { id, key } = await api.upload(alice, await picture(), { title: 'Tom & Jerry <3' })
    expect(api.stored).toContain(key)
    const path = `/v1/originals/${id}`

    const completed = await api.ask('POST', `${path}/complete`, { as: alice })
    expect(completed.status).toBe(200)
    const queued = originalSchema.parse(await completed.json())
    expect(queued).toMatchObject({ id, key, owner: 'alice', state: 'queued', title: 'Tom & Jerry <3', revision: 0 })
    expect(queued.renditions.map(({ preset, state }) => [preset, state])).toEqual([
      ['small', 'queued'],
      ['square', 'queued'],
    ])
    expect((await api.ask('GET', path, { as: alice })).headers.get('retry-after')).toBe('1')

    await api.settle(id)
    const response = await api.ask('GET', path, { as: alice })
    expect(response.headers.get('retry-after')).toBeNull()
    const ready = originalSchema.parse(await response.json())
    expect(ready).toMatchObject({ state: 'ready', facts: { format: 'jpeg', width: 120, height: 80, frames: 1 } })
    const [small] = ready.renditions
    expect(small).toMatchObject({ state: 'ready', stale: false, format: 'jpeg', width: 64, height: 43 })

    const shown = await api.ask('GET', small!.url!)
    expect(shown.status).toBe(200)
    expect(shown.headers.get('content-disposition')).toBe(
      `inline; filename="photo-small.jpg"; filename*=UTF-8''photo-small.jpg`,
    )
    expect((await shown.arrayBuffer()).byteLength).toBe(small!.bytes)
    expect((await api.ask('GET', small!.downloadUrl!)).headers.get('content-disposition')).toMatch(/^attachment; /)

    const lasting = await api.ask('GET', new URL(small!.href!).pathname, { as: alice })
    expect(lasting.status).toBe(302)
    expect(lasting.headers.get('cache-control')).toBe('no-store')
    expect((await api.ask('GET', lasting.headers.get('location')!)).status).toBe(200)

    const edited = await api.ask('PATCH', path, {
      as: alice,
      body: { title: 'Two', ifRevision: 0, focus: { x: 0.5, y: 0.1 } },
    })
    expect(await edited.json()).toMatchObject({ title: 'Two', revision: 1, state: 'queued', focus: { x: 0.5, y: 0.1 } })
    const late = await api.ask('PATCH', path, { as: alice, body: { title: 'Three', ifRevision: 0 } })
    expect(await problemOf(late)).toMatchObject({ status: 412, code: 'request.conflict' })

    expect((await api.ask('DELETE', path, { as: alice })).status).toBe(204)
    expect((await api.ask('GET', path, { as: alice })).status).toBe(404)
    expect((await api.ask('DELETE', path, { as: alice })).status).toBe(404)
  })

  it('tells why it failed, and can be tried again', async () => {
    const { id } = await api.upload(alice, 'no picture', { filename: 'x.png', contentType: 'image/png' })
    await api.settle(id)
    const failed = await api.read(alice, id)
    expect(failed.state).toBe('failed')
    expect(failed.error!.code).toMatch(/^image\./)
    expect(failed.renditions.map((rendition) => rendition.state)).toEqual(['failed', 'failed'])
    const retried = await api.ask('POST', `/v1/originals/${id}/retry`, { as: alice })
    expect(retried.status).toBe(200)
    expect(((await retried.json()) as OriginalView).state).toBe('queued')
  })

  it('shows an original whose bytes were replaced as queued, with the old pictures', async () => {
    const { id, key } = await api.upload(alice, await picture())
    await api.settle(id)
    await api.originals.put(key, await picture(50, 50), { contentType: 'image/jpeg' })
    const view = await api.read(alice, id)
    expect(view.state).toBe('queued')
    expect(view.renditions[0]).toMatchObject({ state: 'queued', width: 64 })
    expect(view.renditions[0]!.url).toBeDefined()
  })

  it('does not call ready what was edited before anybody looked at it', async () => {
    const { id } = await api.upload(alice, await picture())
    const edited = await api.ask('PATCH', `/v1/originals/${id}`, { as: alice, body: { title: 'first' } })
    expect(((await edited.json()) as OriginalView).state).toBe('queued')
  })
})

describe('asking again', () => {
  it('answers 304 until something changes, and renews links before they expire', async () => {
    const { id } = await api.upload(alice, await picture())
    for (const path of [`/v1/originals/${id}`, '/v1/originals?limit=3']) {
      const etag = (await api.ask('GET', path, { as: alice })).headers.get('etag')!
      expect(etag).toMatch(/^W\/"[\w-]{22}"$/)
      const same = await api.ask('GET', path, { as: alice, headers: { 'if-none-match': etag } })
      expect([same.status, await same.text()]).toEqual([304, ''])
      await api.ask('PATCH', `/v1/originals/${id}`, { as: alice, body: { title: path } })
      const changed = await api.ask('GET', path, { as: alice, headers: { 'if-none-match': etag } })
      expect(changed.status).toBe(200)
      expect(changed.headers.get('cache-control')).toBe('private, no-cache')
    }
  })
})

describe('the list', () => {
  it('is sent compressed to those who can read that', async () => {
    const dora = await tokenFor('dora')
    for (let i = 0; i < 5; i++) await api.settle((await api.upload(dora, await picture())).id)
    const ask = (encoding: string) =>
      api.ask('GET', '/v1/originals', { as: dora, headers: { 'accept-encoding': encoding } })
    const [plain, packed] = [await ask('identity'), await ask('br, gzip')]
    expect([plain, packed].map(({ headers }) => headers.get('content-encoding'))).toEqual([null, 'gzip'])
    const known = { 'if-none-match': packed.headers.get('etag')! }
    const same = await api.ask('GET', '/v1/originals', { as: dora, headers: known })
    expect(same.status).toBe(304)
    for (const { headers } of [plain, packed, same]) expect(headers.get('vary')).toContain('Accept-Encoding')
    const [text, bytes] = [await plain.text(), Buffer.from(await packed.arrayBuffer())]
    expect(bytes.length).toBeLessThan(text.length / 2)
    const list = originalListSchema.parse(JSON.parse(gunzipSync(bytes).toString()))
    expect(list.originals).toHaveLength(5)
  })

  it('is newest first, in pages, each owner their own', async () => {
    const carol = await tokenFor('carol')
    const ids: string[] = []
    for (let i = 0; i < 5; i++) {
      ids.unshift((await api.upload(carol, `bytes ${i}`)).id)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const seen: string[] = []
    let cursor: string | undefined
    let pages = 0
    do {
      const query = cursor === undefined ? '?limit=2' : `?limit=2&cursor=${cursor}`
      const response = await api.ask('GET', `/v1/originals${query}`, { as: carol })
      const page = originalListSchema.parse(await response.json())
      seen.push(...page.originals.map((original) => original.id))
      cursor = page.next
      pages++
    } while (cursor !== undefined)
    expect(seen).toEqual(ids)
    expect(pages).toBe(3)
  })

  it.each(['limit=0', 'limit=201', 'limit=x', 'cursor=%21', 'cursor=a'])('refuses ?%s', async (query) => {
    const problem = await problemOf(await api.ask('GET', `/v1/originals?${query}`, { as: alice }))
    expect(problem).toMatchObject({ status: 400, code: 'request.invalid' })
  })
})

describe('what is wrong is said in one shape', () => {
  it('unknown paths', async () => {
    for (const path of ['/nope', '/v1', '/v1/originals/x/y/z', '/assets/none.js', '/%00', '/v1/originals/%ff'])
      expect(await problemOf(await api.ask('GET', path, { as: alice }))).toMatchObject({
        status: 404,
        code: 'not_found',
      })
  })

  it('wrong methods, with those that are right', async () => {
    const response = await api.ask('PUT', '/v1/originals/abc', { as: alice })
    expect(response.headers.get('allow')).toBe('GET, HEAD, PATCH, DELETE')
    expect((await problemOf(response)).status).toBe(405)
    expect((await api.ask('POST', '/nope', { as: alice })).status).toBe(404)
  })

  it('bodies that are no JSON, not of the right shape, or too long', async () => {
    const ask = (body: unknown, headers = {}) => api.ask('POST', '/v1/uploads', { as: alice, body, headers })
    const json = { 'content-type': 'application/json' }
    expect(await problemOf(await ask('{"filename":', json))).toMatchObject({ code: 'request.invalid', status: 400 })
    expect(await problemOf(await ask(undefined))).toMatchObject({ code: 'request.invalid', status: 400 })
    expect(await problemOf(await ask('[]', json))).toMatchObject({ code: 'request.invalid', status: 400 })
    expect(await problemOf(await ask('x=1', { 'content-type': 'text/plain' }))).toMatchObject({
      code: 'request.invalid',
    })
    const wrong = await problemOf(await ask({ filename: '', contentType: 'text/html', bytes: -1, title: 7 }))
    expect(wrong.errors!.map((error) => error.path).sort()).toEqual(['bytes', 'contentType', 'filename', 'title'])
    expect(wrong.detail).toContain('contentType')
    expect(await problemOf(await ask({ filename: 'x'.repeat(200_000) }))).toMatchObject({
      code: 'request.too_large',
      status: 413,
    })
  })

  it('our own faults without detail, and in the log with the request', async () => {
    const broken = await openApi()
    broken.services.catalogue.read = async () => {
      throw new Error('the password is hunter2')
    }
    const response = await broken.ask('GET', `/v1/originals/${idOfKey('uploads/alice/1/a.jpg')}`, { as: alice })
    const problem = await problemOf(response)
    const requestId = response.headers.get('x-request-id')!
    expect(problem).toMatchObject({ status: 500, code: 'internal' })
    expect(problem.detail).toContain(requestId)
    expect(JSON.stringify(problem)).not.toContain('hunter2')
    const line = broken.logged.find(({ level }) => level === 'error')!
    expect(line.fields).toMatchObject({ requestId, code: 'internal', detail: expect.stringContaining('hunter2') })
    await broken.close()
  })

  it('who is not signed in', async () => {
    for (const authorization of [undefined, 'Basic eDp5', 'Bearer x.y.z']) {
      const response = await api.ask('GET', '/v1/about', {
        headers: authorization === undefined ? {} : { authorization },
      })
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="thumbsmith"/)
      expect(await problemOf(response)).toMatchObject({ status: 401, code: 'auth.required' })
    }
  })
})
