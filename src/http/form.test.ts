// Multipart forms that are spoilt, broken off or endless, over a real port.
import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formOf, openApi, type TestApi, tokenFor } from '../../test/api.ts'
import type { Upload } from './schemas.ts'

let api: TestApi
let url: string
let alice: string
beforeAll(async () => {
  api = await openApi()
  url = await api.listen()
  alice = await tokenFor('alice')
})
afterAll(() => api.close())

const ticket = () => api.ticket(alice)
const temporaryFiles = () => readdir(join(api.root, 'originals/.thumbsmith-store/tmp'))

/** Our own bytes on a socket: what `fetch` would not send. */
function raw(length: number, body: string): Socket {
  const { host, port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  const headers = `host: ${host}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${length}`
  socket.write(`POST /blobs/originals HTTP/1.1\r\n${headers}\r\n\r\n${body}`)
  return socket
}

const FILE = '--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n'
function fieldsOf({ ticket }: Upload): string {
  if (ticket.method !== 'POST') throw new Error('This ticket is no form.')
  const part = ([name, value]: [string, string]) =>
    `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  return Object.entries(ticket.fields).map(part).join('')
}

const BOUNDARIES = ['""', ';', ' ', '"', '"x', 'x; boundary=y', '%', 'x'.repeat(500), "*=utf-8''%ff", 'é', '\\"', '=']

describe('a form', () => {
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
      ...(await Promise.all(
        BOUNDARIES.map((boundary) => post('--x--\r\n', `multipart/form-data; boundary=${boundary}`)),
      )),
      await post(new FormData()),
    ]) {
      expect([400, 403]).toContain(response.status)
      expect(await response.text()).toContain('<Error>')
    }
    const backwards = new FormData()
    backwards.set('file', new Blob(['hello']))
    for (const [name, value] of formOf(upload, '')) if (name !== 'file') backwards.set(name, value as string)
    expect((await post(backwards)).status).toBe(403)
    expect(await api.originals.head(upload.key)).toBeUndefined()
  })

  it('of 5 GB is refused at once', async () => {
    const upload = await ticket()
    const started = Date.now()
    const socket = raw(5_000_000_000, fieldsOf(upload) + FILE)
    let answer = ''
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (data) => {
        answer += data.toString('latin1')
        if (answer.includes('</Error>')) resolve()
      })
    })
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
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

  it('that breaks off leaves nothing behind', async () => {
    const upload = await ticket()
    const whole = fieldsOf(upload) + FILE + 'x'.repeat(500_000)
    for (const length of [80, fieldsOf(upload).length, whole.length]) {
      const socket = raw(900_000, whole.slice(0, length))
      await new Promise((resolve) => setTimeout(resolve, 50))
      socket.destroy()
    }
    await expect.poll(temporaryFiles).toEqual([])
    expect(await api.originals.head(upload.key)).toBeUndefined()
    const form = formOf(upload, 'whole')
    expect((await fetch(upload.ticket.url, { method: 'POST', body: form })).status).toBe(204)
    expect(api.logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('that ends early but politely is refused', async () => {
    const upload = await ticket()
    const body = `${fieldsOf(upload)}${FILE}half of it`
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    expect((await fetch(upload.ticket.url, { method: 'POST', body, headers })).status).toBe(400)
    expect(await api.originals.head(upload.key)).toBeUndefined()
  })
})

it('whatever it is sent, it stays up and says no', async () => {
  const upload = await ticket()
  const whole = Buffer.from(await new Response(formOf(upload, 'hello')).arrayBuffer())
  const boundary = whole.subarray(2, whole.indexOf('\r\n')).toString()
  const spoilt = fc.sample(
    fc
      .tuple(fc.nat(whole.length - 1), fc.nat(40), fc.uint8Array({ maxLength: 60 }))
      .map(([at, cut, insert]) => Buffer.concat([whole.subarray(0, at), insert, whole.subarray(at + cut)])),
    { numRuns: 300, seed: 3 },
  )
  const nameless = `--${boundary}\r\ncontent-disposition: form-data\r\n\r\n${'x'.repeat(20_000)}\r\n--${boundary}--\r\n`
  const short = nameless.replace(/x+/, 'x').replace(`--${boundary}--\r\n`, '')
  for (const body of [...spoilt, nameless, Buffer.from(short + whole.toString('latin1'), 'latin1')]) {
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
    const response = await fetch(upload.ticket.url, {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers,
    })
    expect([response.status < 500, body.toString('latin1')]).toEqual([true, body.toString('latin1')])
    await response.body?.cancel()
  }
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(api.logged.filter(({ level }) => level === 'error')).toEqual([])
})
