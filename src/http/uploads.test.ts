// Tickets: for which keys, how fast, and through what odd titles and file names.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi, type TestApi, tokenFor } from '../../test/api.ts'
import { ThumbsmithError } from '../errors.ts'
import { keyOfId, parseTitle } from '../original.ts'
import type { About, Problem, Upload } from './schemas.ts'
import { bulkSchema, uploadSchema } from './schemas.ts'
import { tokenBuckets } from './throttle.ts'

let api: TestApi
let alice: string
beforeAll(async () => {
  api = await openApi()
  alice = await tokenFor('alice')
})
afterAll(() => api.close())

const request = { filename: 'photo.jpg', contentType: 'image/jpeg', bytes: 5 }
const ask = (body: object, path = '/v1/uploads') => api.ask('POST', path, { as: alice, body })
const problemOf = async (response: Response) => (await response.json()) as Problem

describe('a ticket', () => {
  it('is for one key of its own, of the rule asked for', async () => {
    const first = uploadSchema.parse(await (await ask(request)).json())
    expect(first.key).toMatch(/^uploads\/alice\/[0-9a-v]{30}\/photo\.jpg$/)
    expect(keyOfId(first.id)).toBe(first.key)
    const second = await api.ticket(alice)
    expect(second.key).not.toBe(first.key)
    const put = await api.ticket(alice, { rule: 'puts' })
    expect(put.ticket.method).toBe('PUT')
    expect(put.key).toMatch(/^puts\/alice\/[0-9a-v]{30}\.jpg$/)
  })

  it('is refused for what no rule will take, with what is taken', async () => {
    const wrong = await problemOf(await ask({ ...request, filename: 'report.pdf' }))
    expect(wrong).toMatchObject({ status: 404, code: 'ticket.not_offered' })
    expect(wrong.detail).toBe(
      '"report.pdf" is not accepted: rule "photos" takes match "uploads/**", extensions jpg, jpeg, png, webp.',
    )
    expect((await problemOf(await ask({ ...request, rule: 'nope' }))).detail).toContain('photos, puts, common')
    const closed = await openApi({ rules: [{ name: 'seen', prefix: 'in/', presets: ['small'] }] })
    const none = await closed.ask('POST', '/v1/uploads', { as: alice, body: request })
    expect((await problemOf(none)).detail).toContain('No rule offers uploads')
    await closed.close()
  })

  it('is refused where the upload would be lost to its owner', async () => {
    const refused = await problemOf(await ask({ ...request, rule: 'common' }))
    expect(refused).toMatchObject({ code: 'ticket.not_offered', detail: expect.stringContaining('Only an operator') })
    const staff = await tokenFor('carol', { groups: 'staff' })
    expect((await api.ask('POST', '/v1/uploads', { as: staff, body: { ...request, rule: 'common' } })).status).toBe(201)
  })

  it('is refused at once for a file that is too big', async () => {
    expect(await problemOf(await ask({ ...request, bytes: 1_000_001 }))).toMatchObject({
      status: 413,
      code: 'image.too_many_bytes',
    })
    expect((await ask({ ...request, bytes: 1_000_000 })).status).toBe(201)
  })
})

describe('a request for a ticket', () => {
  it('names a kind of picture that can be read', async () => {
    for (const contentType of ['image/heic', 'image/svg+xml', 'image/tiff', 'image/jpg'])
      expect(await problemOf(await ask({ ...request, contentType }))).toMatchObject({
        status: 422,
        code: 'image.unsupported_format',
        detail: `${contentType} cannot be read here. Send one of image/jpeg, image/png, image/webp, image/avif, image/gif.`,
      })
    const { contentTypes } = ((await (await api.ask('GET', '/v1/about', { as: alice })).json()) as About).upload
    for (const contentType of contentTypes) expect((await ask({ ...request, contentType })).status).toBe(201)
  })

  it('holds nothing that is not known', async () => {
    const wrong = await problemOf(await ask({ ...request, titel: 'x', rules: 'y' }))
    expect(wrong).toMatchObject({ status: 400, code: 'request.invalid' })
    expect(wrong.detail).toBe('The request is not valid: see titel, rules.')
    const many = await problemOf(await ask({ uploads: [{ ...request, size: 5 }] }, '/v1/uploads/bulk'))
    expect(many.errors).toEqual([
      { path: 'uploads.0.size', message: 'is not known here. Leave it out, or mend its spelling.' },
    ])
  })
})

describe('many tickets at once', () => {
  it('are answered each by itself, in order', async () => {
    const uploads = [
      request,
      { ...request, filename: 'x.pdf' },
      { ...request, title: '\ud800' },
      { ...request, title: 'ü' },
      { ...request, contentType: 'image/heic' },
    ]
    const response = await ask({ uploads }, '/v1/uploads/bulk')
    expect(response.status).toBe(200)
    const [first, second, third, fourth, fifth] = bulkSchema.parse(await response.json()).uploads
    expect(first).toHaveProperty('ticket')
    expect(second).toMatchObject({ error: { code: 'ticket.not_offered' } })
    expect(third).toMatchObject({ error: { code: 'title.invalid' } })
    expect(fourth).toHaveProperty('ticket')
    expect(fifth).toMatchObject({ error: { code: 'image.unsupported_format' } })
  })

  it('may be 200, with long titles', async () => {
    const full = { ...request, title: '漢'.repeat(300) }
    const response = await ask({ uploads: Array(200).fill(full) }, '/v1/uploads/bulk')
    const { uploads } = bulkSchema.parse(await response.json())
    expect(new Set(uploads.map((upload) => (upload as Upload).key)).size).toBe(200)
    expect((await ask({ uploads: Array(201).fill(request) }, '/v1/uploads/bulk')).status).toBe(400)
    expect((await ask({ uploads: [] }, '/v1/uploads/bulk')).status).toBe(400)
  })
})

describe('the pace of tickets', () => {
  it('is bounded for each owner', async () => {
    const slow = await openApi({ rateLimit: tokenBuckets({ perSecond: 1, burst: 3, now: () => 0 }) })
    const get = async (as: string) => slow.ask('POST', '/v1/uploads', { as, body: request })
    for (let i = 0; i < 3; i++) expect((await get(alice)).status).toBe(201)
    const refused = await get(alice)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect((await problemOf(refused)).code).toBe('request.too_many')
    expect((await get(await tokenFor('bob'))).status).toBe(201)
    const bulk = await slow.ask('POST', '/v1/uploads/bulk', { as: alice, body: { uploads: [request, request] } })
    expect([bulk.status, bulk.headers.get('retry-after')]).toEqual([429, '2'])
    await slow.close()
  })
})

const ODD = [
  '',
  ' ',
  '\u00a0',
  '</text><image href="file:///etc/passwd"/>',
  '<span size="1024000000">',
  'Tom & Jerry <3',
  "'; DROP TABLE titles;--",
  'a\r\nX-Injected: 1',
  'a\nb',
  'nul\0in',
  '\x1b[31mred',
  'line\u2028sep',
  'para\u2029sep',
  '\u202egnp.exe',
  '\u2066isolate\u2069',
  '\ufeffbom',
  '=?utf-8?q?=41?=',
  '=?UTF-8?B?QQ==?=',
  '%0d%0aX: 1',
  '誰も教えてくれなかった 🦀',
  '👩‍👩‍👧‍👦',
  'e\u0301',
  '\u1100\u1161',
  'שלום',
  'مرحبا',
  'นี่',
  '\ud800',
  '\udc00x',
  'x'.repeat(300),
  'x'.repeat(301),
  '漢'.repeat(300),
  '漢'.repeat(342),
  '👨‍👩‍👧‍👦'.repeat(40),
  'z̷̢̛'.repeat(200),
  '\u0300'.repeat(400),
  'a '.repeat(9000),
  'x'.repeat(20_000),
  'x'.repeat(20_001),
  '"quoted"',
  '\\',
  '{{7*7}}',
  '$' + '{jndi:ldap://x}',
  '../../etc/passwd',
  '\u200b',
  '\u00ad',
  '１２３',
  'ﬁ',
]

describe('titles and file names', () => {
  it('arrive byte-exact or are refused as 400: 545 titles', { timeout: 60_000 }, async () => {
    const random = fc.sample(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.string({ unit: 'binary-ascii' }),
      ),
      { numRuns: 545 - ODD.length, seed: 7 },
    )
    let refused = 0
    for (const title of [...ODD, ...random]) {
      const response = await ask({ ...request, title })
      const expected = parsed(title)
      if (expected === undefined) {
        expect([title, response.status]).toEqual([title, 400])
        refused++
        continue
      }
      expect([title, response.status]).toEqual([title, 201])
      const { ticket } = (await response.json()) as Upload
      const value = ticket.method === 'POST' ? ticket.fields['x-amz-meta-thumbsmith-text'] : undefined
      if (expected === '') expect(value).toBeUndefined()
      else {
        expect(value).toMatch(/^[\w-]+$/)
        expect(Buffer.from(value!, 'base64url').toString('utf8')).toBe(expected)
      }
    }
    expect(refused).toBeGreaterThan(5)
  })

  it('arrive through the upload and back', async () => {
    for (const title of ODD.filter((candidate) => parsed(candidate) !== undefined)) {
      const { id } = await api.upload(alice, 'bytes', { title })
      expect((await api.read(alice, id)).title).toBe(parsed(title))
    }
  })

  it('cannot leave their folder, split a header or fail', async () => {
    const names = fc.sample(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), { numRuns: 200, seed: 9 })
    const hostile = [
      '../../x.jpg',
      '..\\..\\x.jpg',
      'a\r\nX: 1.jpg',
      'nul\0.jpg',
      'CON.jpg',
      '.jpg',
      '..',
      '/',
      '\u202egpj.jpg',
      `${'ü'.repeat(500)}.jpg`,
      '{id}{owner}.jpg',
      '$&$1.jpg',
      'a%2fb.jpg',
    ]
    for (const filename of [...hostile, ...names.map((name) => `${name}.jpg`)]) {
      const response = await ask({ ...request, filename })
      expect([filename, [201, 404].includes(response.status)]).toEqual([filename, true])
      if (response.status !== 201) continue
      const { key } = (await response.json()) as Upload
      expect(key).toMatch(/^uploads\/alice\/[0-9a-v]{30}\/[^/\\\p{Cc}]+$/u)
      expect(key.split('/').at(-1)).not.toMatch(/^\.+$/)
    }
    for (const filename of hostile) {
      const response = await ask({ ...request, filename })
      if (response.status !== 201) continue
      const upload = (await response.json()) as Upload
      expect(upload.key.split('/')).toHaveLength(4)
    }
  })
})

/** The title as it must arrive, or `undefined` where it must be refused. */
function parsed(title: string): string | undefined {
  if (title.length > 20_000) return undefined
  try {
    return parseTitle(title)
  } catch (error) {
    if (error instanceof ThumbsmithError && error.code === 'title.invalid') return undefined
    throw error
  }
}
