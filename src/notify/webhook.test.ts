// Webhooks as a receiver on this machine sees them, and where they never go.
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OWED, readyManifest } from '../../test/fixtures/manifests.ts'
import { type Answer, type Asked, type Loopback, openLoopback } from '../../test/servers/loopback.ts'
import { ThumbsmithError } from '../errors.ts'
import { notificationOf } from './notification.ts'
import { webhookNotifier } from './webhook.ts'
import { isPublic } from './webhook-addresses.ts'

const KEY = Buffer.alloc(32, 7)
const secret = `whsec_${KEY.toString('base64')}`
const notification = notificationOf(readyManifest('uploads/ü.jpg'), OWED)

let server: Loopback
let site: string
let answer: Answer | undefined
const received: Asked[] = []

beforeEach(async () => {
  received.length = 0
  answer = { status: 204 }
  server = await openLoopback((asked) => {
    received.push(asked)
    return answer
  })
  site = server.url
})
afterEach(() => server.close())

const hook = (path = '/hook?team=1', timeoutMs?: number) =>
  webhookNotifier('hook', { url: `${site}${path}#private`, secret, ...(timeoutMs && { timeoutMs }) })

describe('what is sent', () => {
  it('is JSON under a signature over id, time and body', async () => {
    await hook().send(notification)
    const { request, body } = received[0]!
    expect([request.method, request.url]).toEqual(['POST', '/hook?team=1'])
    expect(JSON.parse(body)).toMatchObject({
      type: 'original.ready',
      timestamp: OWED.at,
      data: { id: OWED.id, key: 'uploads/ü.jpg', outcome: 'ready' },
    })
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request.headers
    expect(id).toBe(OWED.id)
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5)
    const expected = createHmac('sha256', KEY)
      .update(`${OWED.id}.${String(timestamp)}.${body}`)
      .digest('base64')
    expect(signature).toBe(`v1,${expected}`)
  })

  it('is sent again later where the receiver does not say yes, is slow or is away', async () => {
    const unsent = { code: 'notifier.unavailable' }
    answer = { status: 500 }
    await expect(hook().send(notification)).rejects.toMatchObject(unsent)
    answer = undefined
    await expect(hook('/', 200).send(notification)).rejects.toMatchObject(unsent)
    const away = webhookNotifier('hook', { url: 'http://127.0.0.1:1/secret-path#private', secret })
    const error: unknown = await away.send(notification).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject(unsent)
    expect((error as ThumbsmithError).detail).not.toContain('secret-path')
  })

  it('follows no redirect', async () => {
    answer = { status: 307, headers: { location: `${site}/elsewhere` } }
    await expect(hook().send(notification)).rejects.toMatchObject({ detail: expect.stringContaining('307') })
    expect(received.map(({ request }) => request.url)).toEqual(['/hook?team=1'])
  })
})

describe('where it never goes', () => {
  it.each([
    ['http://example.com/', 'must use https'],
    ['https://127.0.0.1/', 'private network'],
    ['https://0x7f.1/', 'private network'],
    ['https://2130706433/', 'private network'],
    ['https://[::1]/', 'private network'],
    ['https://[::ffff:10.0.0.1]/', 'private network'],
    ['https://169.254.169.254/latest/meta-data', 'private network'],
    ['https://user:password@example.com/', 'password'],
    ['https://', 'no address'],
  ])('%s is refused at start', (url, why) => {
    expect(() => webhookNotifier('hook', { url, secret })).toThrow(why)
  })

  it('a name that leads to a private address', async () => {
    const { port } = new URL(site)
    const sent = webhookNotifier('hook', { url: `https://localhost:${port}/`, secret }).send(notification)
    await expect(sent).rejects.toMatchObject({ detail: expect.stringContaining('private network') })
    expect(received).toEqual([])
  })

  it('knows private addresses from public ones', () => {
    const hidden =
      '0.0.0.0 10.1.2.3 100.64.0.1 127.9.9.9 169.254.169.254 172.31.255.255 192.168.0.1 198.19.0.1 224.0.0.1 255.255.255.255'
    for (const address of hidden.split(' ')) expect([address, isPublic(address)]).toEqual([address, false])
    for (const address of '::  ::1 ::ffff:8.8.8.8 64:ff9b::a00:1 fc00::1 fe80::1 ff02::1 2001:db8::1 2002:a00:1::1'.split(
      / +/,
    ))
      expect([address, isPublic(address)]).toEqual([address, false])
    for (const address of '1.1.1.1 8.8.8.8 100.128.0.1 172.32.0.1 2606:4700:4700::1111 2a00:1450::1'.split(' '))
      expect([address, isPublic(address)]).toEqual([address, true])
  })
})

it('needs a secret of enough bytes', () => {
  for (const short of ['', 'whsec_', 'whsec_c2hvcnQ=', KEY.toString('base64')])
    expect(() => webhookNotifier('hook', { url: 'https://example.com/', secret: short })).toThrow(ThumbsmithError)
})
