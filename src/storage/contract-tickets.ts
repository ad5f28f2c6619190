// The part of the storage contract that is about what clients get: tickets that allow one upload, and links.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ticket, UploadPolicy } from '../ticket.ts'
import { bytesOf, type Cases, fails, JPEG, keysOf, type StorageHarness, textAt } from './contract-harness.ts'
import type { Storage } from './storage.ts'

const TEN = bytesOf('0123456789')
const POLICY: UploadPolicy = {
  method: 'POST',
  key: 'uploads/me/1/a b+ü.jpg',
  contentType: 'image/jpeg',
  minBytes: 5,
  maxBytes: 10,
  bytes: 10,
  metadata: { 'thumbsmith-text': 'YWJj' },
  expiresInSeconds: 60,
}
type Post = Extract<Ticket, { method: 'POST' }>
type Put = Extract<Ticket, { method: 'PUT' }>

async function postTicket(storage: Storage, policy: Partial<UploadPolicy> = {}): Promise<Post> {
  const ticket = await storage.signUpload({ ...POLICY, ...policy, method: 'POST' })
  assert.ok(ticket.method === 'POST')
  return ticket
}

async function putTicket(storage: Storage, policy: Partial<UploadPolicy> = {}): Promise<Put> {
  const ticket = await storage.signUpload({ ...POLICY, ...policy, method: 'PUT' })
  assert.ok(ticket.method === 'PUT')
  return ticket
}

/** What a client makes of a ticket. */
function requestOf(ticket: Ticket, bytes: Uint8Array): Request {
  const url = new URL(ticket.url, 'http://localhost')
  const body = new Uint8Array(bytes)
  if (ticket.method === 'PUT') return new Request(url, { method: 'PUT', headers: ticket.headers, body })
  const form = new FormData()
  for (const [field, value] of Object.entries(ticket.fields)) form.append(field, value)
  form.append('file', new Blob([body]), 'whatever.jpg')
  return new Request(url, { method: 'POST', body: form })
}

async function accepts({ storage, send }: StorageHarness, ticket: Ticket, bytes: Uint8Array = TEN): Promise<void> {
  const { status } = await send(requestOf(ticket, bytes))
  assert.ok(status >= 200 && status < 300, `status ${status}`)
  const head = await storage.head(POLICY.key)
  assert.deepEqual(
    [head?.bytes, head?.contentType, head?.metadata],
    [bytes.length, POLICY.contentType, POLICY.metadata],
  )
}

/** Refused by the answer, and nothing is there. */
async function refuses({ storage, send }: StorageHarness, ticket: Ticket, bytes: Uint8Array = TEN): Promise<void> {
  const { status } = await send(requestOf(ticket, bytes))
  assert.ok(status >= 400 && status < 500, `status ${status}`)
  assert.deepEqual(await keysOf(storage), [])
}

const without = (fields: Record<string, string>, name: string) =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => field.toLowerCase() !== name))
const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
/** S3 writes it `Policy`; field names are read in any case. */
const policyField = (ticket: Post) => Object.keys(ticket.fields).find((field) => /^policy$/i.test(field))!
const signatureField = (ticket: Post) => Object.keys(ticket.fields).find((field) => /signature$/i.test(field))!

export const ticketCases: Cases = {
  async 'POST ticket: the upload it allows'(harness) {
    const ticket = await postTicket(harness.storage)
    assert.ok(Math.abs(Date.parse(ticket.expiresAt) - Date.now() - 60_000) < 5000)
    await accepts(harness, ticket)
    await harness.storage.delete(POLICY.key)
    await accepts(harness, ticket, bytesOf('12345'))
  },

  async 'POST ticket: too large, too small'(harness) {
    await refuses(harness, await postTicket(harness.storage), bytesOf('01234567890'))
    await refuses(harness, await postTicket(harness.storage), new Uint8Array(1_000_000))
    await refuses(harness, await postTicket(harness.storage), bytesOf('0123'))
  },

  async 'POST ticket: another type, metadata, key or field'(harness) {
    const { fields, ...rest } = await postTicket(harness.storage)
    const changes = [
      { ...fields, 'Content-Type': 'text/html' },
      { ...fields, 'x-amz-meta-thumbsmith-text': 'eHl6' },
      { ...fields, key: 'uploads/you/1/a.jpg' },
      { ...fields, 'x-amz-meta-other': '1' },
      { ...fields, acl: 'public-read' },
      without(fields, 'content-type'),
      without(fields, 'x-amz-meta-thumbsmith-text'),
      without(fields, 'key'),
      without(fields, 'policy'),
    ]
    for (const changed of changes) await refuses(harness, { ...rest, fields: changed })
  },

  async 'POST ticket: a forged signature or policy'(harness) {
    const ticket = await postTicket(harness.storage)
    const signature = signatureField(ticket)
    const { fields, ...rest } = ticket
    const policy = policyField(ticket)
    const wider = Buffer.from(fields[policy]!, 'base64').toString('utf8').replace('10]', '99]')
    await refuses(harness, { ...rest, fields: { ...fields, [signature]: flip(fields[signature]!) } })
    await refuses(harness, { ...rest, fields: { ...fields, [policy]: Buffer.from(wider).toString('base64') } })
    await refuses(harness, { ...rest, fields: without(fields, signature.toLowerCase()) })
  },

  async 'POST ticket: expired'(harness) {
    const ticket = await postTicket(harness.storage, { expiresInSeconds: 1 })
    await sleep(2100)
    await refuses(harness, ticket)
  },

  async 'POST ticket: used again'(harness) {
    const ticket = await postTicket(harness.storage)
    await usedAgain(harness, ticket)
  },

  async 'PUT ticket: the upload it allows'(harness) {
    await accepts(harness, await putTicket(harness.storage))
  },

  async 'PUT ticket: another length'(harness) {
    const ticket = await putTicket(harness.storage)
    for (const bytes of [bytesOf('012345678'), bytesOf('01234567890')]) {
      await refuses(
        harness,
        { ...ticket, headers: { ...ticket.headers, 'Content-Length': String(bytes.length) } },
        bytes,
      )
    }
    await fails('request.invalid', putTicket(harness.storage, { bytes: undefined }))
  },

  async 'PUT ticket: another type, metadata or key'(harness) {
    const { headers, url, ...rest } = await putTicket(harness.storage)
    const other = await putTicket(harness.storage, { key: 'uploads/you/1/a.jpg' })
    await refuses(harness, { ...rest, url, headers: { ...headers, 'Content-Type': 'text/html' } })
    await refuses(harness, { ...rest, url, headers: { ...headers, 'x-amz-meta-thumbsmith-text': 'eHl6' } })
    await refuses(harness, { ...rest, url, headers: without(headers, 'x-amz-meta-thumbsmith-text') })
    await refuses(harness, { ...rest, headers, url: other.url.split('?')[0] + url.slice(url.indexOf('?')) })
  },

  async 'PUT ticket: one header more'(harness) {
    const { headers, ...rest } = await putTicket(harness.storage)
    await refuses(harness, { ...rest, headers: { ...headers, 'x-amz-meta-other': '1' } })
  },

  async 'PUT ticket: a forged signature, expired'(harness) {
    const ticket = await putTicket(harness.storage)
    const forged = ticket.url.replace(/(signature=)(.)/i, (_, name: string, first: string) => name + flip(first))
    assert.notEqual(forged, ticket.url)
    await refuses(harness, { ...ticket, url: forged })
    const old = await putTicket(harness.storage, { expiresInSeconds: 1 })
    await sleep(2100)
    await refuses(harness, old)
  },

  async 'PUT ticket: used again'(harness) {
    const ticket = await putTicket(harness.storage)
    await usedAgain(harness, ticket)
  },
}

/** The first version wins, also of many at a time. */
async function usedAgain(harness: StorageHarness, ticket: Ticket): Promise<void> {
  const bodies = Array.from({ length: 5 }, (_, i) => bytesOf(`racer ${i}xxx`))
  const statuses = (await Promise.all(bodies.map((bytes) => harness.send(requestOf(ticket, bytes))))).map(
    ({ status }) => status,
  )
  const winners = statuses.flatMap((status, i) => (status < 300 ? [i] : []))
  assert.equal(winners.length, 1, `statuses ${statuses.join()}`)
  const late = await harness.send(requestOf(ticket, TEN))
  assert.ok(late.status >= 400 && late.status < 500, `status ${late.status}`)
  assert.equal(await textAt(harness.storage, POLICY.key), `racer ${winners[0]}xxx`)
}

export const linkCases: Cases = {
  async 'links give the object, under a name, for a time'({ storage, send }) {
    const get = (url: string) => send(new Request(new URL(url, 'http://localhost')))
    const key = 'a/ü b+c.jpg'
    await storage.put(key, TEN, JPEG)
    const link = await storage.signDownload(key, {
      expiresInSeconds: 60,
      disposition: { type: 'attachment', filename: 'Ferien "ü".jpg' },
    })
    const answer = await get(link)
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type'), await answer.text()],
      [200, 'image/jpeg', '0123456789'],
    )
    assert.match(
      answer.headers.get('content-disposition') ?? '',
      /^attachment;.*filename\*=UTF-8''Ferien%20%22%C3%BC%22\.jpg/i,
    )
    const plain = await get(await storage.signDownload(key, { expiresInSeconds: 60 }))
    assert.equal(plain.status, 200)
    const forged = link.replace(
      /([?&](?:s|X-Amz-Signature)=)(.)/,
      (_, name: string, first: string) => name + flip(first),
    )
    assert.notEqual(forged, link)
    assert.equal((await get(forged)).status, 403)
    const short = await storage.signDownload(key, { expiresInSeconds: 1 })
    await sleep(2100)
    assert.equal((await get(short)).status, 403)
  },

  async 'links of two versions differ'({ storage, send }) {
    await storage.put('a.jpg', TEN, JPEG)
    const sign = (version: string) => storage.signDownload('a.jpg', { expiresInSeconds: 60, version })
    // Time would tell them apart, too: some of many are of one second.
    const links = await Promise.all(Array.from({ length: 20 }, (_, index) => sign(`v${index}`)))
    assert.equal(new Set(links).size, links.length)
    const answer = await send(new Request(new URL(links[0]!, 'http://localhost')))
    assert.deepEqual([answer.status, await answer.text()], [200, '0123456789'])
  },
}
