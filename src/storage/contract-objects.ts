// The part of the storage contract that is about single objects: what was put is what is there, and preconditions hold.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { bytesOf, type Cases, fails, JPEG, keysOf, MANY_BYTES, textAt, textOf } from './contract-harness.ts'
import { readAll, type Storage } from './storage.ts'

export const objectCases: Cases = {
  async 'what is not there is undefined'({ storage }) {
    assert.equal(await storage.head('a/b.jpg'), undefined)
    assert.equal(await storage.get('a/b.jpg'), undefined)
    assert.deepEqual(await storage.list(), [])
    await storage.delete('a/b.jpg')
  },

  async 'what was put is there, with its type and metadata'({ storage }) {
    const metadata = { 'thumbsmith-text': 'YWJj', other: String.raw`!"#$%&'()*+,-./:;<=>?@[\]^_{|}~ z` }
    const put = await storage.put('a/b.jpg', bytesOf('hello'), { contentType: 'image/jpeg', metadata })
    const head = await storage.head('a/b.jpg')
    assert.ok(head)
    assert.deepEqual(
      { ...head, modified: 0, etag: '' },
      { key: 'a/b.jpg', bytes: 5, contentType: 'image/jpeg', metadata, modified: 0, etag: '' },
    )
    assert.ok(Math.abs(head.modified.getTime() - Date.now()) < 60_000)
    assert.equal(put.etag, head.etag)
    const body = await storage.get('a/b.jpg')
    assert.deepEqual(body?.head, head)
    assert.equal(await textOf(body), 'hello')
  },

  async 'a second put replaces bytes, type and metadata'({ storage }) {
    const first = await storage.put('a', bytesOf('one'), { ...JPEG, metadata: { x: '1' } })
    const second = await storage.put('a', bytesOf('two'), { contentType: 'image/png' })
    assert.notEqual(first.etag, second.etag)
    const head = await storage.head('a')
    assert.deepEqual([head?.etag, head?.contentType, head?.metadata], [second.etag, 'image/png', {}])
    assert.equal(await textAt(storage, 'a'), 'two')
  },

  async 'nothing is something'({ storage }) {
    await storage.put('empty', new Uint8Array(), JPEG)
    assert.equal((await storage.head('empty'))?.bytes, 0)
    assert.equal(await textAt(storage, 'empty'), '')
  },

  async 'streams go in and out whole'({ storage }) {
    const bytes = randomBytes(5_000_011)
    let sent = 0
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(bytes.subarray(sent, sent + 77_777))
        sent += 77_777
        if (sent >= bytes.length) controller.close()
      },
    })
    const head = await storage.put('big', stream, JPEG)
    assert.equal(head.bytes, bytes.length)
    const body = await storage.get('big')
    assert.ok(body && bytes.equals(await readAll(body.stream, MANY_BYTES)))
  },

  async 'a body that fails leaves what was there'({ storage }) {
    const failing = () => {
      let pulls = 0
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          if (pulls++ < 3) controller.enqueue(randomBytes(100_000))
          else controller.error(new Error('the client went away'))
        },
      })
    }
    await assert.rejects(storage.put('new', failing(), JPEG))
    assert.equal(await storage.head('new'), undefined)
    await storage.put('old', bytesOf('old'), JPEG)
    await assert.rejects(storage.put('old', failing(), JPEG))
    assert.equal(await textAt(storage, 'old'), 'old')
    assert.deepEqual(await keysOf(storage), ['old'])
  },

  async 'what was deleted is gone'({ storage }) {
    for (const key of ['a/b/c', 'a/b/d', 'a/e']) await storage.put(key, bytesOf(key), JPEG)
    await storage.delete('a/b/c')
    await storage.delete('a/b/c')
    assert.equal(await storage.get('a/b/c'), undefined)
    assert.deepEqual(await keysOf(storage), ['a/b/d', 'a/e'])
    await storage.delete('a/b/d')
    await storage.put('a/b', bytesOf('now no folder'), JPEG)
    assert.equal(await textAt(storage, 'a/b'), 'now no folder')
  },

  async ranges({ storage }) {
    await storage.put('a', bytesOf('0123456789'), JPEG)
    const ranges: [number, number, string][] = [
      [0, 0, '0'],
      [0, 9, '0123456789'],
      [3, 5, '345'],
      [9, 9, '9'],
      [7, 99, '789'],
    ]
    for (const [start, end, text] of ranges) {
      const body = await storage.get('a', { range: { start, end } })
      assert.ok(body)
      assert.equal(body.head.bytes, 10)
      assert.equal(await textOf(body), text)
    }
    await fails('request.invalid', storage.get('a', { range: { start: 10, end: 12 } }))
  },

  async 'a read that began sees one version to its end'({ storage }) {
    const old = Buffer.alloc(3_000_000, 'old')
    await storage.put('a', old, JPEG)
    const body = await storage.get('a')
    assert.ok(body)
    await storage.put('a', Buffer.alloc(3_000_000, 'new'), JPEG)
    assert.ok(old.equals(await readAll(body.stream, MANY_BYTES)))
  },

  async 'a read that is given up does no harm'({ storage }) {
    await storage.put('a', Buffer.alloc(3_000_000, 'x'), JPEG)
    for (let i = 0; i < 20; i++) await (await storage.get('a'))?.stream.cancel()
    assert.equal((await storage.head('a'))?.bytes, 3_000_000)
  },

  async 'metadata that cannot travel is refused'({ storage }) {
    for (const metadata of [
      { Upper: 'x' },
      { 'a b': 'x' },
      { a: 'é' },
      { a: 'x\r\ny: z' },
      { a: ' x' },
      { a: 'x'.repeat(2048) },
    ] as Record<string, string>[])
      await fails('request.invalid', storage.put('a', bytesOf('x'), { ...JPEG, metadata }))
    assert.equal(await storage.head('a'), undefined)
  },
}

const RACERS = 20

export const preconditionCases: Cases = {
  async 'ifNoneMatch: one of many racers creates'({ storage }) {
    await race(storage, () => ({ ifNoneMatch: '*' }))
    await fails('storage.precondition_failed', storage.put('a', bytesOf('late'), { ...JPEG, ifNoneMatch: '*' }))
  },

  async 'ifMatch: one of many racers replaces'({ storage }) {
    const { etag } = await storage.put('a', bytesOf('first'), JPEG)
    await race(storage, () => ({ ifMatch: etag }))
    await fails('storage.precondition_failed', storage.put('a', bytesOf('late'), { ...JPEG, ifMatch: etag }))
    await fails('storage.precondition_failed', storage.put('b', bytesOf('none'), { ...JPEG, ifMatch: etag }))
    assert.equal(await storage.head('b'), undefined)
  },

  async 'ifMatch: reads'({ storage }) {
    const { etag } = await storage.put('a', bytesOf('one'), JPEG)
    assert.equal((await storage.get('a', { ifMatch: etag }))?.head.etag, etag)
    await storage.put('a', bytesOf('two'), JPEG)
    await fails('storage.precondition_failed', storage.get('a', { ifMatch: etag }))
    assert.equal(await storage.get('b', { ifMatch: etag }), undefined)
  },

  async 'ifMatch: deletes'({ storage }) {
    const { etag } = await storage.put('a', bytesOf('one'), JPEG)
    const second = await storage.put('a', bytesOf('two'), JPEG)
    await fails('storage.precondition_failed', storage.delete('a', { ifMatch: etag }))
    assert.equal(await textAt(storage, 'a'), 'two')
    await storage.delete('a', { ifMatch: second.etag })
    assert.equal(await storage.head('a'), undefined)
    await storage.delete('a', { ifMatch: second.etag })
  },
}

async function race(storage: Storage, condition: () => { ifNoneMatch?: '*'; ifMatch?: string }): Promise<void> {
  const racers = Array.from({ length: RACERS }, (_, i) =>
    storage.put('a', bytesOf(`racer ${i}`), { ...JPEG, ...condition() }),
  )
  const results = await Promise.allSettled(racers)
  const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
  assert.equal(winners.length, 1)
  for (const result of results)
    if (result.status === 'rejected') await fails('storage.precondition_failed', Promise.reject(result.reason))
  assert.equal(await textAt(storage, 'a'), `racer ${winners[0]}`)
}
