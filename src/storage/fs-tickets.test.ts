// Tickets and links of a folder store beyond the contract: what is refused, and how soon.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { keys, reopen, root, store } from '../../test/fixtures/folder-store.ts'
import { RESERVED_FOLDER } from './fs-names.ts'

describe('tickets', () => {
  const policy = {
    method: 'POST',
    key: 'a.jpg',
    contentType: 'image/jpeg',
    minBytes: 1,
    maxBytes: 100_000,
    metadata: {},
    expiresInSeconds: 60,
  } as const
  const fields = async () => {
    const ticket = await store.signUpload(policy)
    return Object.entries(ticket.method === 'POST' ? ticket.fields : {})
  }
  const endless = () => {
    const sent = { bytes: 0, isCancelled: false }
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent.bytes += 10_000
        controller.enqueue(new Uint8Array(10_000))
      },
      cancel() {
        sent.isCancelled = true
      },
    })
    return { sent, stream }
  }

  test('a body that is too long is not read further', async () => {
    const { sent, stream } = endless()
    await expect(store.acceptPost(await fields(), stream)).rejects.toMatchObject({ code: 'ticket.too_large' })
    expect(sent.isCancelled).toBe(true)
    expect(sent.bytes).toBeLessThanOrEqual(130_000)
    expect(await readdir(join(root, RESERVED_FOLDER, 'tmp'))).toEqual([])
  })

  test('a field that came twice, is missing, wrong or unknown is named', async () => {
    const good = await fields()
    const cases: [[string, string][], string][] = [
      [[...good, ['KEY', 'a.jpg']], '"KEY" came twice'],
      [good.filter(([field]) => field !== 'Content-Type'), '"Content-Type" is missing'],
      [good.map(([field, value]) => [field, field === 'key' ? 'b.jpg' : value]), '"key" does not match'],
      [[...good, ['acl', 'public-read']], '"acl" is not part of the ticket'],
    ]
    for (const [changed, message] of cases)
      await expect(store.acceptPost(changed, endless().stream)).rejects.toMatchObject({
        code: 'ticket.refused',
        message: expect.stringContaining(message),
      })
    expect(await keys()).toEqual([])
  })

  test('a ticket is good for its own store, method and time only', async () => {
    const good = await fields()
    await store.close?.()
    await reopen({ name: 'renditions' })
    await expect(store.acceptPost(good, endless().stream)).rejects.toMatchObject({ code: 'ticket.refused' })
    await store.close?.()
    await reopen({ now: () => Date.now() + 61_000 })
    await expect(store.acceptPost(good, endless().stream)).rejects.toMatchObject({ code: 'ticket.expired' })
    const query = new URLSearchParams(good.filter(([field]) => field === 'policy' || field.endsWith('signature')))
    const put = store.acceptPut('a.jpg', query, new Headers({ 'content-type': 'image/jpeg' }), endless().stream)
    await expect(put).rejects.toMatchObject({ code: 'ticket.refused' })
  })

  test('links tell what they allow, and nothing in them can be changed', async () => {
    const link = await store.signDownload('a/b.jpg', {
      expiresInSeconds: 60,
      disposition: { type: 'inline', filename: 'ü.jpg' },
    })
    const query = () => new URL(link, 'http://localhost').searchParams
    expect(store.verifyDownload('a/b.jpg', query())).toEqual({
      expiresInSeconds: expect.closeTo(60, -1),
      disposition: { type: 'inline', filename: 'ü.jpg' },
    })
    for (const [name, value] of [
      ['e', '99999999999'],
      ['d', 'attachment'],
      ['f', 'x.html'],
      ['s', ''],
      ['e', ''],
    ] as const) {
      const changed = query()
      changed.set(name, value)
      expect(() => store.verifyDownload('a/b.jpg', changed)).toThrow('The link is not valid')
    }
    expect(() => store.verifyDownload('a/c.jpg', query())).toThrow('The link is not valid')
  })
})
