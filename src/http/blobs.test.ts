import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { formOf, openApi, picture, type TestApi, tokenFor } from '../../test/api.ts'
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

/** Asks over the wire, with absolute links as the API gives them. */
async function ticket(request: Record<string, unknown> = {}): Promise<Upload> {
  const response = await fetch(`${url}/v1/uploads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${alice}`, 'content-type': 'application/json' },
    body: JSON.stringify({ filename: 'photo.jpg', contentType: 'image/jpeg', bytes: 5, ...request }),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as Upload
}
const send = (upload: Upload, form: FormData) => fetch(upload.ticket.url, { method: 'POST', body: form })
const temporaryFiles = () => readdir(join(api.root, 'originals/.thumbsmith-store/tmp'))
const bytesOf = (length: number) => new Uint8Array(length).map((_, i) => (i * 31) % 251)

async function eventually(check: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('It never came true.')
}

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

  it('of 5 GB is refused at once', async () => {
    const upload = await ticket()
    if (upload.ticket.method !== 'POST') throw new Error('no form')
    const parts = Object.entries(upload.ticket.fields).map(
      ([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    const head = `${parts.join('')}--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n`
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const started = Date.now()
    let answer = ''
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (data) => {
        answer += data.toString('latin1')
        if (answer.includes('</Error>')) resolve()
      })
    })
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
    socket.on('error', () => {})
    socket.write(
      `POST /blobs/originals HTTP/1.1\r\nhost: ${new URL(url).host}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 5000000000\r\n\r\n${head}`,
    )
    const chunk = Buffer.alloc(256 * 1024)
    const pump = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', pump)
    pump()
    await answered
    expect(Date.now() - started).toBeLessThan(1000)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    socket.off('drain', pump)
    socket.destroy()
    await closed
    expect(await api.originals.head(upload.key)).toBeUndefined()
  })

  it('is good for one time only', async () => {
    const upload = await ticket()
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => send(upload, formOf(upload, `try ${i}`))))
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([204, ...Array(9).fill(412)])
    expect(await answers.find((answer) => answer.status === 412)!.text()).toContain('<Reason>ticket.used</Reason>')
  })

  it('that is no form, has no file, or has it first is refused', async () => {
    const upload = await ticket()
    const post = (body: RequestInit['body'], type?: string) =>
      fetch(upload.ticket.url, { method: 'POST', body, headers: type === undefined ? {} : { 'content-type': type } })
    for (const response of [
      await post('{}', 'application/json'),
      await post('x', 'multipart/form-data'),
      await post('x=1', 'application/x-www-form-urlencoded'),
      await post('', 'multipart/form-data; boundary=x'),
      await post('--x--\r\n', 'multipart/form-data; boundary=x'),
      await post('--x\r\n\r\n', 'multipart/form-data; boundary=x'),
      await post(new FormData()),
    ]) {
      expect([400, 403]).toContain(response.status)
      expect(await response.text()).toContain('<Error>')
    }
    const backwards = new FormData()
    backwards.set('file', new Blob(['hello']))
    for (const [name, value] of formOf(upload, '')) if (name !== 'file') backwards.set(name, value as string)
    expect((await send(upload, backwards)).status).toBe(403)
    expect(await api.originals.head(upload.key)).toBeUndefined()
  })

  it('that breaks off leaves nothing behind', async () => {
    const upload = await ticket()
    if (upload.ticket.method !== 'POST') throw new Error('no form')
    const parts = Object.entries(upload.ticket.fields).map(
      ([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    for (const cut of [
      parts.join('').slice(0, 80),
      parts.join(''),
      `${parts.join('')}--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n${'x'.repeat(500_000)}`,
    ]) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      socket.on('error', () => {})
      await new Promise<void>((resolve) => {
        socket.write(
          `POST /blobs/originals HTTP/1.1\r\nhost: ${new URL(url).host}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 900000\r\n\r\n${cut}`,
          () => resolve(),
        )
      })
      await new Promise((resolve) => setTimeout(resolve, 50))
      socket.destroy()
    }
    await eventually(async () => (await temporaryFiles()).length === 0)
    expect(await api.originals.head(upload.key)).toBeUndefined()
    expect((await send(upload, formOf(upload, 'whole'))).status).toBe(204)
    expect(api.logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('that ends early but politely is refused', async () => {
    const upload = await ticket()
    if (upload.ticket.method !== 'POST') throw new Error('no form')
    const parts = Object.entries(upload.ticket.fields).map(
      ([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    const body = `${parts.join('')}--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\nhalf of it`
    const response = await fetch(upload.ticket.url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })
    expect(response.status).toBe(400)
    expect(await api.originals.head(upload.key)).toBeUndefined()
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

describe('a download', () => {
  const link = async (
    store: 'originals' | 'renditions',
    key: string,
    type: 'inline' | 'attachment' = 'inline',
    filename = 'x.jpg',
    seconds = 600,
  ) => url + (await api[store].signDownload(key, { expiresInSeconds: seconds, disposition: { type, filename } }))

  beforeAll(async () => {
    await api.renditions.put('r.jpg', bytesOf(1000), { contentType: 'image/jpeg', metadata: { [MARK]: 'x' } })
    await api.originals.put('o.jpg', bytesOf(1000), { contentType: 'image/jpeg' })
    await api.originals.put('page.html', new TextEncoder().encode('<script>alert(1)</script>'), {
      contentType: 'text/html',
    })
    await api.originals.put('beside.jpg', await picture(), { contentType: 'image/jpeg', metadata: { [MARK]: 'x' } })
  })

  it('is whole, typed, private and harmless', async () => {
    const response = await fetch(await link('renditions', 'r.jpg'))
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '1000',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      'referrer-policy': 'no-referrer',
      'content-disposition': `inline; filename="x.jpg"; filename*=UTF-8''x.jpg`,
    })
    const [, seconds] = /^private, max-age=(\d+)$/.exec(response.headers.get('cache-control')!)!
    expect(Number(seconds)).toBeGreaterThan(590)
    expect(Number(seconds)).toBeLessThanOrEqual(601)
    expect(Buffer.from(await response.arrayBuffer()).equals(bytesOf(1000))).toBe(true)
  })

  it('may be a part', async () => {
    const from = await link('renditions', 'r.jpg')
    const part = await fetch(from, { headers: { range: 'bytes=10-19' } })
    expect([part.status, part.headers.get('content-range'), part.headers.get('content-length')]).toEqual([
      206,
      'bytes 10-19/1000',
      '10',
    ])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytesOf(1000).subarray(10, 20))).toBe(true)
    const outside = await fetch(from, { headers: { range: 'bytes=1000-' } })
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */1000'])
    const etag = part.headers.get('etag')!
    expect((await fetch(from, { headers: { range: 'bytes=0-0', 'if-range': etag } })).status).toBe(206)
    expect((await fetch(from, { headers: { range: 'bytes=0-0', 'if-range': '"old"' } })).status).toBe(200)
  })

  it('need not be sent again', async () => {
    const from = await link('renditions', 'r.jpg')
    const etag = (await fetch(from)).headers.get('etag')!
    expect((await fetch(from, { headers: { 'if-none-match': `"x", W/${etag}` } })).status).toBe(304)
    expect((await fetch(from, { headers: { 'if-none-match': '"x"' } })).status).toBe(200)
  })

  it('can be asked about', async () => {
    const head = await fetch(await link('renditions', 'r.jpg'), { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1000', ''])
  })

  it('of an original is only ever saved, of a rendition beside it shown', async () => {
    const dispositionOf = async (key: string) =>
      (await fetch(await link('originals', key))).headers.get('content-disposition')
    expect(await dispositionOf('o.jpg')).toMatch(/^attachment;/)
    expect(await dispositionOf('beside.jpg')).toMatch(/^inline;/)
    const page = await fetch(await link('originals', 'page.html'))
    expect(page.headers.get('content-disposition')).toMatch(/^attachment;/)
    expect(page.headers.get('content-type')).toBe('application/octet-stream')
  })

  it('has a file name that splits no header', async () => {
    for (const filename of [
      'a\r\nX-Evil: 1.jpg',
      'a";x="b.jpg',
      'ü🦀.jpg',
      "it's (1)*.jpg",
      '\ud800.jpg',
      '%22.jpg',
      '\\.jpg',
    ]) {
      const response = await fetch(await link('renditions', 'r.jpg', 'attachment', filename))
      expect(response.status).toBe(200)
      expect(response.headers.get('x-evil')).toBeNull()
      const disposition = response.headers.get('content-disposition')!
      const [, plain, exact] = /^attachment; filename="([^"\\%;]*)"; filename\*=UTF-8''([\w.!~%-]*)$/.exec(disposition)!
      expect(plain).toMatch(/^[\x20-\x7e]+$/)
      expect(decodeURIComponent(exact!)).toBe(filename.toWellFormed())
    }
  })

  it('needs its signature, unchanged, in time', async () => {
    const from = await link('renditions', 'r.jpg')
    const status = async (to: string) => (await fetch(to)).status
    expect(await status(from.replace('/renditions/', '/originals/'))).toBe(403)
    expect(await status(from.replace('d=inline', 'd=attachment'))).toBe(403)
    expect(await status(from.replace(/e=\d/, 'e=9'))).toBe(403)
    expect(await status(from.slice(0, from.indexOf('?')))).toBe(403)
    expect(await status(from.replace(/blobs\/renditions\/\w+/, 'blobs/renditions/AAAA'))).toBe(403)
    expect(await status(`${url}/blobs/renditions/..%2f..%2fetc?s=x`)).toBe(403)
    expect(await status(await link('renditions', 'r.jpg', 'inline', 'x', -5))).toBe(403)
    expect(await status(await link('renditions', 'gone.jpg'))).toBe(404)
  })

  it('that nobody reads to its end is let go', async () => {
    await api.renditions.put('large.jpg', bytesOf(8_000_000), { contentType: 'image/jpeg' })
    const from = await link('renditions', 'large.jpg')
    for (let i = 0; i < 20; i++) {
      const stop = new AbortController()
      const response = await fetch(from, { signal: stop.signal })
      await response.body!.getReader().read()
      stop.abort()
    }
    await eventually(async () => {
      const open = await readdir('/proc/self/fd').catch(() => [])
      return open.length < 100
    })
    expect((await (await fetch(from)).arrayBuffer()).byteLength).toBe(8_000_000)
    expect(api.logged.filter(({ level }) => level === 'error')).toEqual([])
  })
})
