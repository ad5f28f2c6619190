// The list-view example as its README tells it: signed-in customers, PUT tickets, a copy 720 pixels wide beside each org file.
import { SignJWT } from 'jose'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOfKey } from '../../src/original.ts'
import { photo, picture } from '../../test/fixtures/pictures.ts'
import { type ExampleHome, isLaptop, openExampleHome } from '../../test/hosts/example-home.ts'
import { until } from '../../test/hosts/harness.ts'

const SECRET = 'only for this test: thirty-two bytes or more'

let home: ExampleHome
let store: ExampleHome['originals']
let ann: { token: string }
let bob: { token: string }

beforeAll(async () => {
  home = await openExampleHome({
    config: 'examples/list-view/thumbsmith.yaml',
    env: {
      THUMBSMITH_AUTH: 'jwt:?issuer=shop&audience=thumbsmith',
      THUMBSMITH_AUTH_SECRET: SECRET,
      THUMBSMITH_SWEEP_SECONDS: '1',
      THUMBSMITH_LOG_LEVEL: 'debug',
    },
  })
  store = home.originals
  ann = { token: await tokenOf('ann') }
  bob = { token: await tokenOf('bob') }
})
afterAll(() => home?.close())

function tokenOf(customer: string, secret = SECRET): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(customer)
    .setIssuer('shop')
    .setAudience('thumbsmith')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))
}

const statusOf = async (answer: Promise<Response>) => (await answer).status

describe('list-view', () => {
  it('lets in only who is signed in', async () => {
    expect(await statusOf(home.ask('GET', '/v1/originals'))).toBe(401)
    const forged = await tokenOf('ann', 'some other secret of thirty-two bytes')
    expect(await statusOf(home.ask('GET', '/v1/originals', { token: forged }))).toBe(401)
    expect(await statusOf(home.ask('GET', '/v1/originals', ann))).toBe(200)
  })

  it('puts a copy 720 pixels wide beside the original, in its aspect ratio', async () => {
    const upload = await home.upload(await photo({ width: 1500, height: 1000 }), { filename: 'Sofa.JPG' }, ann)
    expect(upload.ticket.method).toBe('PUT')
    expect(upload.key).toMatch(/^resources\/medias\/ann\/[0-9a-v]{30}\/org\.jpg$/)
    const original = await home.settled(upload.id, ann)
    const beside = upload.key.replace('org.jpg', 'w720.jpg')
    expect(original).toMatchObject({ state: 'ready', owner: 'ann', renditions: [{ width: 720, height: 480 }] })
    expect(await store.keys()).toEqual(expect.arrayContaining([upload.key, beside]))
    expect(await sharp(await store.get(beside)).metadata()).toMatchObject({ format: 'jpeg', width: 720, height: 480 })
    expect(await home.bytesOf(original, 'w720')).toEqual(await store.get(beside))
  })

  it('keeps PNG as PNG, and makes nothing larger than it is', async () => {
    const bytes = await picture({ width: 300, height: 400 }).png().toBuffer()
    const upload = await home.upload(bytes, { filename: 'logo.png', contentType: 'image/png' }, ann)
    const { renditions } = await home.settled(upload.id, ann)
    expect(renditions).toMatchObject([{ state: 'ready', format: 'png', width: 300, height: 400 }])
    expect(await store.keys()).toContain(upload.key.replace('org.png', 'w720.png'))
  })

  it('is triggered by nothing else, and never by its own output', async () => {
    const bytes = await photo()
    const ignored = ['org.gif', 'org.webp', 'photo.jpg', 'w720.jpg', 'org.jpg.bak'].map(
      (name) => `resources/medias/ann/by-hand/${name}`,
    )
    for (const key of [...ignored, 'other/org.jpg', 'resources/medias/bob/by-hand/org.jpeg'])
      await store.put(key, bytes)
    await until(
      'the only one of them is rendered',
      async () => (await store.keys()).includes('resources/medias/bob/by-hand/w720.jpeg') || undefined,
    )
    const settled = await store.keys()
    const swept = await home.sweeps(2)
    expect(swept.map(({ enqueued }) => enqueued)).toEqual([0, 0])
    expect(await store.keys()).toEqual(settled)
    expect(settled.filter((key) => key.startsWith('resources/medias/ann/by-hand/'))).toEqual(ignored.sort())
    expect(settled.filter((key) => /\/w720\./.test(key))).toHaveLength(4)
  })

  it('refuses what its rule would not take', async () => {
    const request = { filename: 'film.gif', contentType: 'image/gif', bytes: 100 }
    await expect(home.ticket(request, ann)).rejects.toThrow('ticket.not_offered')
  })

  it('shows a customer nothing of another', async () => {
    const { id, key } = await home.upload(await photo(), {}, ann)
    await home.settled(id, ann)
    const missing = idOfKey(key.replace(/ann\/.+\//, `bob/${'a'.repeat(30)}/`))
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/complete'],
      ['POST', '/retry'],
      ['GET', '/renditions/w720'],
    ] as const) {
      const theirs = await home.ask(method, `/v1/originals/${id}${path}`, bob)
      const nobodys = await home.ask(method, `/v1/originals/${missing}${path}`, bob)
      expect(theirs.status).toBe(404)
      expect(await theirs.text()).toBe((await nobodys.text()).replaceAll(missing, id))
    }
    const listed = (await (await home.ask('GET', '/v1/originals', bob)).json()) as { originals: { owner: string }[] }
    expect(new Set(listed.originals.map(({ owner }) => owner))).toEqual(new Set(['bob']))
    expect((await home.read(id, ann)).state).toBe('ready')
  })

  it('keeps the files themselves private: no signature, no picture', async () => {
    const { id, key } = await home.upload(await photo(), {}, ann)
    const original = await home.settled(id, ann)
    const signed = new URL(original.renditions[0]!.url!)
    expect((await fetch(signed)).status).toBe(200)
    const beside = key.replace('org', 'w720')
    const pathOf = (object: string) =>
      isLaptop ? `/blobs/originals/${idOfKey(object)}` : signed.pathname.replace(beside, object)
    expect(pathOf(beside)).toBe(signed.pathname)
    for (const object of [key, beside]) expect((await fetch(new URL(pathOf(object), signed))).status).toBe(403)
    // A link to one object opens no other.
    signed.pathname = pathOf(key)
    expect((await fetch(signed)).status).toBe(403)
  })
})
