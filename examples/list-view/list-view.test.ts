// The list-view example as its README tells it: signed-in customers, PUT tickets, a copy 720 pixels wide beside each org file.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOfKey } from '../../src/original.ts'
import { photo, picture } from '../../test/fixtures/pictures.ts'
import { filesIn, type Home, openHome, until } from '../../test/hosts/harness.ts'

const SECRET = 'only for this test: thirty-two bytes or more'

let home: Home
let store: string
let ann: { token: string }
let bob: { token: string }

beforeAll(async () => {
  home = await openHome({
    config: 'examples/list-view/thumbsmith.yaml',
    env: {
      THUMBSMITH_AUTH: 'jwt:?issuer=shop&audience=thumbsmith',
      THUMBSMITH_AUTH_SECRET: SECRET,
      THUMBSMITH_SWEEP_SECONDS: '1',
      THUMBSMITH_LOG_LEVEL: 'debug',
    },
  })
  store = join(home.folder, 'data/originals')
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
    expect(await filesIn(store)).toEqual(expect.arrayContaining([upload.key, beside]))
    expect(await sharp(join(store, beside)).metadata()).toMatchObject({ format: 'jpeg', width: 720, height: 480 })
    expect(await home.bytesOf(original, 'w720')).toEqual(await readFile(join(store, beside)))
  })

  it('keeps PNG as PNG, and makes nothing larger than it is', async () => {
    const bytes = await picture({ width: 300, height: 400 }).png().toBuffer()
    const upload = await home.upload(bytes, { filename: 'logo.png', contentType: 'image/png' }, ann)
    const { renditions } = await home.settled(upload.id, ann)
    expect(renditions).toMatchObject([{ state: 'ready', format: 'png', width: 300, height: 400 }])
    expect(await filesIn(store)).toContain(upload.key.replace('org.png', 'w720.png'))
  })

  it('is triggered by nothing else, and never by its own output', async () => {
    const bytes = await photo()
    const ignored = ['org.gif', 'org.webp', 'photo.jpg', 'w720.jpg', 'org.jpg.bak'].map(
      (name) => `resources/medias/ann/by-hand/${name}`,
    )
    for (const key of [...ignored, 'other/org.jpg', 'resources/medias/bob/by-hand/org.jpeg']) {
      await mkdir(join(store, key, '..'), { recursive: true })
      await writeFile(join(store, key), bytes)
    }
    await until(
      'the only one of them is rendered',
      async () => (await filesIn(store)).includes('resources/medias/bob/by-hand/w720.jpeg') || undefined,
    )
    const settled = await filesIn(store)
    const swept = await home.sweeps(2)
    expect(swept.map(({ enqueued }) => enqueued)).toEqual([0, 0])
    expect(await filesIn(store)).toEqual(settled)
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
    for (const object of [key, key.replace('org', 'w720')])
      expect(await statusOf(home.ask('GET', `/blobs/originals/${idOfKey(object)}`, ann))).toBe(403)
    // A link to one object opens no other.
    signed.pathname = `/blobs/originals/${idOfKey(key)}`
    expect((await fetch(signed)).status).toBe(403)
  })
})
