// Uploads by ticket over a real port: what is stored, what is refused, and in whose words.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { formOf, openApi, type TestApi, tokenFor } from '../../test/api.ts'
import { MARK } from '../original.ts'
import type { Upload } from './schemas.ts'

let api: TestApi
let url: string
let alice: string
beforeAll(async () => {
  api = await openApi({ uploadMaxBytes: 3_000_000 })
  url = await api.listen()
  alice = await tokenFor('alice')
})
afterAll(() => api.close())

const ticket = (request?: Record<string, unknown>) => api.ticket(alice, request)
const send = (upload: Upload, form: FormData) => fetch(upload.ticket.url, { method: 'POST', body: form })
const temporaryFiles = () => readdir(join(api.root, 'originals/.thumbsmith-store/tmp'))
const bytesOf = (length: number) => new Uint8Array(length).map((_, i) => (i * 31) % 251)

describe('a form upload', () => {
  afterEach(async () => expect(await temporaryFiles()).toEqual([]))

  it('stores the bytes as they are, with type and title', async () => {
    for (const length of [1, 65_535, 65_536, 2_999_999, 3_000_000]) {
      const upload = await ticket({ title: 'ü', bytes: length })
      const response = await send(upload, formOf(upload, bytesOf(length)))
      expect([response.status, await response.text()]).toEqual([204, ''])
      const stored = await api.originals.get(upload.key)
      expect(stored!.head).toMatchObject({
        bytes: length,
        contentType: 'image/jpeg',
        metadata: { 'thumbsmith-text': 'w7w' },
      })
      expect(response.headers.get('etag')).toBe(`"${stored!.head.etag}"`)
      expect(Buffer.from(await new Response(stored!.stream).arrayBuffer()).equals(bytesOf(length))).toBe(true)
      expect(api.stored).toContain(upload.key)
    }
  })

  it('answers as S3 does where it is asked to', async () => {
    const upload = await ticket({ filename: 'a&b <ü>.jpg' })
    const form = formOf(upload, 'hello')
    form.delete('file')
    form.set('success_action_status', '201')
    form.set('file', new Blob(['hello']))
    const response = await send(upload, form)
    expect(response.status).toBe(201)
    expect(response.headers.get('content-type')).toBe('application/xml')
    const body = await response.text()
    expect(body).toContain(`<Bucket>originals</Bucket><Key>${upload.key.replace('&', '&#38;')}</Key>`)
    expect(response.headers.get('location')).toBe(`${url}/blobs/originals/${upload.id}`)
  })

  it.each<[string, number, string, (form: FormData) => void]>([
    ['another key', 403, 'AccessDenied', (form) => form.set('key', 'uploads/bob/1/x.jpg')],
    ['another type', 403, 'AccessDenied', (form) => form.set('Content-Type', 'text/html')],
    ['a changed policy', 403, 'AccessDenied', (form) => form.set('policy', btoa('{}'))],
    ['no signature', 403, 'AccessDenied', (form) => form.delete('x-thumbsmith-signature')],
    ['a second key', 403, 'AccessDenied', (form) => form.append('key', 'uploads/bob/1/x.jpg')],
    ['a title of its own', 403, 'AccessDenied', (form) => form.set('x-amz-meta-thumbsmith-text', 'eA')],
    ['acl', 403, 'AccessDenied', (form) => form.set('acl', 'public-read')],
    ['a redirect', 403, 'AccessDenied', (form) => form.set('success_action_redirect', 'https://evil.example')],
    ['a website redirect', 403, 'AccessDenied', (form) => form.set('x-amz-website-redirect-location', '/x')],
    ['tagging', 403, 'AccessDenied', (form) => form.set('x-amz-tagging', 'a=b')],
    ['our mark', 403, 'AccessDenied', (form) => form.set(`x-amz-meta-${MARK}`, 'x')],
    ['a field that is too long', 403, 'AccessDenied', (form) => form.set('policy', 'x'.repeat(20_000))],
    [
      'too many fields',
      403,
      'AccessDenied',
      (form) => {
        for (let i = 0; i < 100; i++) form.set(`f${i}`, 'x')
      },
    ],
  ])('with %s is refused', async (_what, status, code, spoil) => {
    const upload = await ticket()
    const form = formOf(upload, 'hello')
    form.delete('file')
    spoil(form)
    form.set('file', new Blob(['hello']))
    const response = await send(upload, form)
    expect(response.status).toBe(status)
    expect(await response.text()).toMatch(
      new RegExp(`<Error><Code>${code}</Code><Reason>ticket\\.[a-z_]+</Reason><Message>[^<]{10,}</Message></Error>$`),
    )
    expect(await api.originals.head(upload.key)).toBeUndefined()
  })

  it('of another size than its ticket allows is refused without being read to its end', async () => {
    const upload = await ticket()
    const empty = await send(upload, formOf(upload, ''))
    expect([empty.status, await empty.text()]).toEqual([400, expect.stringContaining('<Code>EntityTooSmall</Code>')])
    const large = await send(upload, formOf(upload, bytesOf(3_000_001)))
    expect([large.status, await large.text()]).toEqual([413, expect.stringContaining('<Code>EntityTooLarge</Code>')])
    expect(await api.originals.head(upload.key)).toBeUndefined()
    expect((await send(upload, formOf(upload, 'hello'))).status).toBe(204)
  })

  it('is good for one time only', async () => {
    const upload = await ticket()
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => send(upload, formOf(upload, `try ${i}`))))
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([204, ...Array(9).fill(412)])
    expect(await answers.find((answer) => answer.status === 412)!.text()).toContain('<Reason>ticket.used</Reason>')
  })
})

describe('a plain upload', () => {
  it('is taken with exactly its headers', async () => {
    const { ticket: put, key } = await ticket({ rule: 'puts', title: 'ü' })
    if (put.method !== 'PUT') throw new Error('a form')
    const { 'Content-Length': length, ...headers } = put.headers
    expect(length).toBe('5')
    const wrong = await fetch(put.url, {
      method: 'PUT',
      body: 'hello',
      headers: { ...headers, 'Content-Type': 'text/html' },
    })
    expect([wrong.status, await wrong.text()]).toEqual([403, expect.stringContaining('ticket.refused')])
    expect((await fetch(put.url, { method: 'PUT', body: 'hello!', headers })).status).toBe(413)
    expect((await fetch(put.url, { method: 'PUT', body: 'hell', headers })).status).toBe(400)
    expect((await fetch(put.url, { method: 'PUT', headers })).status).toBe(400)
    expect(
      (await fetch(put.url.replace(/policy=../, 'policy=xx'), { method: 'PUT', body: 'hello', headers })).status,
    ).toBe(403)
    const right = await fetch(put.url, { method: 'PUT', body: 'hello', headers })
    expect([right.status, await right.text()]).toEqual([200, ''])
    expect(api.stored).toContain(key)
    expect((await fetch(put.url, { method: 'PUT', body: 'other', headers })).status).toBe(412)
    expect((await api.originals.head(key))!.metadata).toEqual({ 'thumbsmith-text': 'w7w' })
  })
})
