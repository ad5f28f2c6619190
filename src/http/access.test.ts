// That nobody reads, changes or learns of an original that is somebody else's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi, picture, type TestApi, tokenFor } from '../../test/api.ts'
import { idOfKey } from '../original.ts'
import type { OriginalList } from './schemas.ts'

let api: TestApi
let alice: string
let bob: string
let staff: string
let id: string
beforeAll(async () => {
  api = await openApi()
  ;[alice, bob] = [await tokenFor('alice'), await tokenFor('bob')]
  staff = await tokenFor('carol', { groups: ['x', 'staff'] })
  id = (await api.upload(alice, await picture())).id
  await api.settle(id)
  await api.originals.put('common/dropped.jpg', await picture(), { contentType: 'image/jpeg' })
})
afterAll(() => api.close())

const ROUTES: [string, (id: string) => string, unknown?][] = [
  ['GET', (id) => `/v1/originals/${id}`],
  ['PATCH', (id) => `/v1/originals/${id}`, { title: 'mine now' }],
  ['POST', (id) => `/v1/originals/${id}/complete`],
  ['POST', (id) => `/v1/originals/${id}/retry`],
  ['GET', (id) => `/v1/originals/${id}/renditions/small`],
  ['GET', (id) => `/v1/originals/${id}/renditions/none`],
  ['DELETE', (id) => `/v1/originals/${id}`],
]

describe("somebody else's original", () => {
  it.each(ROUTES)('is as little there as one that never was: %s %s', async (method, path, body) => {
    const answers = new Set<string>()
    const others = [
      id,
      idOfKey('uploads/alice/0/never.jpg'),
      idOfKey('uploads/bob/0/never.jpg'),
      idOfKey('common/dropped.jpg'),
      idOfKey('common/never.jpg'),
      idOfKey('outside/of/every/rule.jpg'),
      idOfKey('.thumbsmith/manifests/uploads/bob/x!.json'),
      idOfKey('uploads/bob/../alice/x.jpg'),
      idOfKey('uploads/bob/\0.jpg'),
      idOfKey(`uploads/bob/${'x'.repeat(1100)}.jpg`),
      'AA',
      'a',
      'no-base64-of-anything',
      `${id}=`,
    ]
    for (const other of others) {
      const response = await api.ask(method, path(other), { as: bob, ...(body === undefined ? {} : { body }) })
      expect([other, response.status]).toEqual([other, 404])
      answers.add(
        JSON.stringify([await response.text(), response.headers.get('etag'), response.headers.get('retry-after')]),
      )
    }
    // A rendition of one's own may say a little more, but here there is none.
    expect(answers.size).toBe(1)
    expect((await api.read(alice, id)).title).toBe('')
  })

  it('takes no longer to refuse', async () => {
    const { catalogue } = api.services
    let reads = 0
    const read = catalogue.read.bind(catalogue)
    catalogue.read = async (key) => {
      reads++
      return read(key)
    }
    await api.ask('GET', `/v1/originals/${id}`, { as: bob })
    catalogue.read = read
    expect(reads).toBe(0)
  })

  it('is in nobody else’s list', async () => {
    const list = async (as: string) =>
      ((await (await api.ask('GET', '/v1/originals', { as })).json()) as OriginalList).originals
    expect(await list(bob)).toEqual([])
    expect((await list(alice)).map((original) => original.id)).toEqual([id])
    expect((await list(staff)).map((original) => original.owner).sort()).toEqual(['alice', 'operator'])
    const pastAlice = await api.ask('GET', `/v1/originals?cursor=${idOfKey('uploads/alice/')}`, { as: bob })
    expect(((await pastAlice.json()) as OriginalList).originals).toEqual([])
  })

  it('is open to an operator', async () => {
    expect((await api.ask('GET', `/v1/originals/${id}`, { as: staff })).status).toBe(200)
    expect((await api.ask('GET', `/v1/originals/${idOfKey('common/dropped.jpg')}`, { as: staff })).status).toBe(200)
  })

  it('is closed to who merely calls themselves the operator, or by a name that looks like another', async () => {
    const impostor = await tokenFor('operator')
    expect((await api.ask('GET', `/v1/originals/${idOfKey('common/dropped.jpg')}`, { as: impostor })).status).toBe(403)
    for (const name of ['alice/', './alice', 'bob/../alice', 'ALICE', 'alice\u200b', '*', 'a%6Cice', '..']) {
      const as = await tokenFor(name)
      expect((await api.ask('GET', `/v1/originals/${id}`, { as })).status).toBe(404)
      expect(((await (await api.ask('GET', '/v1/originals', { as })).json()) as OriginalList).originals).toEqual([])
      const own = await api.upload(as, 'bytes')
      expect((await api.read(as, own.id)).owner).toBe(name)
      expect((await api.ask('GET', `/v1/originals/${own.id}`, { as: bob })).status).toBe(404)
    }
  })
})
