// The S3 driver when things go wrong: buckets and rights that are missing, answers that are lost, refused, cut off or never come.
import { randomBytes } from 'node:crypto'
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepsConditions } from '../../src/storage/conditions.ts'
import { readAll } from '../../src/storage/storage.ts'
import { cut, first, hang, openProxy, refuse, stall } from '../faults/proxy.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'

const JPEG = { contentType: 'image/jpeg' }
const MB = 1024 * 1024

let s3: TestS3
beforeAll(async () => {
  s3 = await openTestS3()
})
afterAll(() => s3?.stop())

const codeOf = (run: Promise<unknown>) =>
  run.then(
    () => 'fine',
    (error: { code?: string }) => error.code,
  )
const messageOf = (run: Promise<unknown>) =>
  run.then(
    () => 'fine',
    (error: Error) => error.message,
  )

describe('what is no answer about an object', () => {
  it('a bucket that is not there', async () => {
    const storage = s3.openStore({ bucket: 'nowhere-at-all' })
    const calls = [
      storage.head('a'),
      storage.get('a'),
      storage.put('a', Buffer.from('x'), JPEG),
      storage.put('a', Buffer.from('x'), { ...JPEG, ifMatch: 'e' }),
      storage.delete('a'),
      storage.list(),
    ]
    for (const message of await Promise.all(calls.map(messageOf)))
      expect(message).toBe('The bucket nowhere-at-all does not exist. Create it, or mend its name.')
    expect(await codeOf(storage.head('a'))).toBe('storage.unavailable')
  })

  it('rights that are missing', async () => {
    const { bucket } = await s3.newStore()
    const wrong = { accessKeyId: s3.accessKeyId, secretAccessKey: 'wrong' }
    const unknown = { accessKeyId: 'UNKNOWN', secretAccessKey: 'wrong' }
    for (const credentials of [wrong, unknown]) {
      const storage = s3.openStore({ bucket, credentials })
      const calls = [storage.head('a'), storage.get('a'), storage.list(), storage.delete('a')]
      expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'storage.unavailable'))
    }
    expect(await messageOf(s3.openStore({ bucket, credentials: wrong }).get('a'))).toContain('secret key')
    expect(await messageOf(s3.openStore({ bucket, credentials: unknown }).get('a'))).toContain('AWS_ACCESS_KEY_ID')
    expect(await messageOf(s3.openStore({ bucket, credentials: wrong }).head('a'))).toContain('s3:ListBucket')
  })
})

describe('a store in a part of a bucket', () => {
  it('sees its own keys only, under their own names', async () => {
    const { bucket, storage: whole } = await s3.newStore()
    const part = s3.openStore({ bucket, prefix: 'part/of it/' })
    await whole.put('part/of', Buffer.from('outside'), JPEG)
    await part.put('b ü+', Buffer.from('inside'), JPEG)
    await part.put('a', Buffer.from('inside'), JPEG)
    expect((await part.list()).map(({ key }) => key)).toEqual(['a', 'b ü+'])
    expect((await part.list({ after: 'a' })).map(({ key }) => key)).toEqual(['b ü+'])
    expect((await part.list({ prefix: 'b' })).map(({ key }) => key)).toEqual(['b ü+'])
    expect((await part.head('b ü+'))?.key).toBe('b ü+')
    expect((await whole.list()).map(({ key }) => key)).toEqual(['part/of', 'part/of it/a', 'part/of it/b ü+'])
    const link = await part.signDownload('b ü+', { expiresInSeconds: 60 })
    expect(await (await fetch(link)).text()).toBe('inside')
    expect(await codeOf(part.head('x'.repeat(1020)))).toBe('key.invalid')
  })
})

describe('large bodies', () => {
  const large = randomBytes(33 * MB)
  const stream = (bytes: Buffer, failAt = Number.POSITIVE_INFINITY) => {
    let sent = 0
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent >= failAt) return controller.error(new Error('the client went away'))
        controller.enqueue(new Uint8Array(bytes.subarray(sent, sent + MB)))
        sent += MB
        if (sent >= bytes.length) controller.close()
      },
    })
  }

  it('go in parts, and are one object', async () => {
    const { storage } = await s3.newStore()
    const metadata = { a: '1' }
    const put = await storage.put('large', stream(large), { ...JPEG, metadata })
    const body = await storage.get('large', { ifMatch: put.etag })
    expect(body?.head).toMatchObject({ etag: put.etag, bytes: large.length, contentType: 'image/jpeg', metadata })
    expect(large.equals(await readAll(body!.stream, 100 * MB))).toBe(true)
  })

  it('keep conditions', async () => {
    const { storage } = await s3.newStore()
    const { etag } = await storage.put('large', Buffer.from('small'), JPEG)
    expect(await codeOf(storage.put('large', large, { ...JPEG, ifNoneMatch: '*' }))).toBe('storage.precondition_failed')
    expect(await codeOf(storage.put('large', large, { ...JPEG, ifMatch: 'other' }))).toBe('storage.precondition_failed')
    expect((await storage.head('large'))?.etag).toBe(etag)
    expect(await codeOf(storage.put('large', large, { ...JPEG, ifMatch: etag }))).toBe('fine')
  })

  it('that break off leave nothing behind', async () => {
    const { bucket, storage } = await s3.newStore()
    await expect(storage.put('large', stream(large, 20 * MB), JPEG)).rejects.toThrow('the client went away')
    expect(await storage.head('large')).toBeUndefined()
    const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
    expect(Uploads).toEqual([])
  })
})

describe.each(['the quick way first', 'the SDK alone'])('a bad line, by %s', (way) => {
  /** A new bucket behind it. */
  async function openBadLine() {
    const { bucket } = await s3.newStore()
    const proxy = await openProxy(s3.endpoint)
    const { accessKeyId, secretAccessKey } = s3
    const fixed = { accessKeyId, secretAccessKey }
    // Credentials that may change are the SDK's to ask for.
    const credentials = way === 'the SDK alone' ? async () => fixed : fixed
    return { ...proxy, storage: s3.openStore({ bucket, endpoint: proxy.endpoint, credentials }) }
  }

  it('refusals are tried again, a few times', async () => {
    const { storage, seen, fault, close } = await openBadLine()
    await storage.put('a', Buffer.from('x'), JPEG)
    fault.before = first(2, refuse(503))
    expect((await storage.head('a'))?.bytes).toBe(1)
    fault.before = first(99, refuse(500))
    seen.length = 0
    expect(await codeOf(storage.get('a'))).toBe('storage.unavailable')
    expect(seen).toHaveLength(3)
    close()
  })

  it('a lost answer does not make a write fail on its own success', async () => {
    const { storage, fault, close } = await openBadLine()
    for (const lose of [refuse(500), cut]) {
      const key = crypto.randomUUID()
      fault.after = first(1, lose)
      const put = await storage.put(key, Buffer.from(key), { ...JPEG, ifNoneMatch: '*' })
      expect((await storage.head(key))?.etag).toBe(put.etag)
      fault.after = first(1, lose)
      const again = await storage.put(key, Buffer.from(`${key} again`), { ...JPEG, ifMatch: put.etag })
      expect((await storage.head(key))?.etag).toBe(again.etag)
      fault.after = first(1, lose)
      const late = storage.put(key, Buffer.from('late'), { ...JPEG, ifMatch: put.etag })
      expect(await codeOf(late)).toBe('storage.precondition_failed')
    }
    close()
  })

  it('a call that gets no answer is made again soon', async () => {
    const { storage, fault, close } = await openBadLine()
    await storage.put('a', Buffer.from('x'), JPEG)
    const started = performance.now()
    fault.before = first(3, hang)
    const calls = [storage.head('a'), storage.get('a'), storage.put('b', Buffer.from('x'), JPEG)]
    expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'fine'))
    expect(performance.now() - started).toBeLessThan(6000)
    close()
  })

  it('a store that hangs is an outage after 15 seconds', async () => {
    const { storage, fault, close } = await openBadLine()
    fault.before = first(99, hang)
    const started = performance.now()
    const calls = [
      storage.head('a'),
      storage.get('a'),
      storage.put('a', Buffer.from('x'), JPEG),
      storage.list(),
      storage.delete('a'),
    ]
    expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'storage.unavailable'))
    expect(performance.now() - started).toBeLessThan(16_500)
    close()
  })

  it('a refusal that falls silent does not last for ever', async () => {
    const { storage, fault, close } = await openBadLine()
    await storage.put('a', Buffer.from('x'), JPEG)
    fault.before = first(1, stall(404))
    const started = performance.now()
    expect(await codeOf(storage.get('a'))).toBe(way === 'the SDK alone' ? 'storage.unavailable' : 'fine')
    expect(performance.now() - started).toBeLessThan(16_500)
    close()
  })

  it('a lost answer does not make a store without conditions of one that has them', async () => {
    const { storage, fault, close } = await openBadLine()
    let writes = 0
    fault.after = (response) => ++writes === 2 && refuse(500)(response)
    expect(await keepsConditions(storage, 'a')).toBe(true)
    close()
  })

  it('a body that is cut off fails, and is no short picture', async () => {
    const { storage, fault, close } = await openBadLine()
    await storage.put('a', randomBytes(3 * MB), JPEG)
    fault.before = first(1, (response) => {
      response.writeHead(200, { 'content-length': 3 * MB, etag: '"x"' })
      return response.write(Buffer.alloc(MB), () => response.destroy()) || true
    })
    const body = await storage.get('a')
    expect(await codeOf(readAll(body!.stream, 10 * MB))).toBe('storage.unavailable')
    close()
  })

  it('nobody listens', async () => {
    const storage = s3.openStore({ bucket: 'any-bucket', endpoint: 'http://127.0.0.1:9' })
    expect(await messageOf(storage.head('a'))).toBe(
      'The bucket any-bucket cannot be reached, or is too busy. It will be tried again.',
    )
  })
})
