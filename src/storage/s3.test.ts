// The parts of the S3 driver that need no server: its URLs, its tickets to the letter, and what refusals mean.
import { Readable } from 'node:stream'
import { S3ServiceException } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { ThumbsmithError } from '../errors.ts'
import type { UploadPolicy } from '../ticket.ts'
import { s3Storage } from './s3.ts'
import { partsOf, streamOf } from './s3-body.ts'
import { isMissingObject, isRace, storageError } from './s3-errors.ts'
import { parseS3Url } from './s3-url.ts'
import { readAll } from './storage.ts'

describe('URLs', () => {
  it('name a bucket, and say no more than they must', () => {
    expect(parseS3Url('X', 's3://pictures')).toEqual({
      bucket: 'pictures',
      prefix: '',
      endpoint: undefined,
      region: undefined,
      pathStyle: false,
      checksums: 'when-supported',
      ticket: 'post',
    })
  })

  it('may say everything', () => {
    const url =
      's3://pictures/a/b%20c/?endpoint=http://127.0.0.1:9000&region=eu-1&pathStyle=true&checksums=when-required&ticket=put'
    expect(parseS3Url('X', url)).toEqual({
      bucket: 'pictures',
      prefix: 'a/b c/',
      endpoint: 'http://127.0.0.1:9000',
      region: 'eu-1',
      pathStyle: true,
      checksums: 'when-required',
      ticket: 'put',
    })
    expect(parseS3Url('X', 's3://pictures/?endpoint=https://store.example').region).toBe('us-east-1')
  })

  it.each([
    ['s3://', 'names no bucket'],
    ['s3:pictures', 'names no bucket'],
    ['s3://Pictures', 'names no bucket'],
    ['s3://key:secret@pictures', 'AWS_ACCESS_KEY_ID'],
    ['s3://pictures?endpont=http://x', 'endpont'],
    ['s3://pictures?endpoint=127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['s3://pictures?endpoint=http://a:b@host', 'credentials'],
    ['s3://pictures?pathStyle=yes', 'pathStyle'],
    ['s3://pictures?ticket=form', 'ticket'],
    ['s3://pictures//a', 'second slash'],
  ])('%s is refused, with the mend', (url, words) => {
    const parse = () => parseS3Url('THUMBSMITH_ORIGINALS', url)
    expect(parse).toThrow(ThumbsmithError)
    expect(parse).toThrow(/^THUMBSMITH_ORIGINALS: /)
    expect(parse).toThrow(words)
    expect(parse).not.toThrow('secret@')
  })
})

const POLICY: UploadPolicy = {
  method: 'POST',
  key: 'uploads/me/1/a b+ü.jpg',
  contentType: 'image/jpeg',
  minBytes: 1,
  maxBytes: 1000,
  bytes: 900,
  metadata: { 'thumbsmith-text': 'YWJj' },
  expiresInSeconds: 60,
}
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI', sessionToken: 'session' }
const open = (query = '') =>
  s3Storage({ ...parseS3Url('X', `s3://pictures/in?region=eu-central-1${query}`), credentials })

describe('tickets', () => {
  it('are a form in which everything is fixed', async () => {
    const ticket = await open().signUpload(POLICY)
    if (ticket.method !== 'POST') throw new Error(ticket.method)
    expect(ticket.url).toBe('https://pictures.s3.eu-central-1.amazonaws.com/')
    const { expiration, conditions } = JSON.parse(Buffer.from(ticket.fields.Policy!, 'base64').toString()) as {
      expiration: string
      conditions: (unknown[] | Record<string, string>)[]
    }
    expect(Math.abs(Date.parse(expiration) - Date.now() - 60_000)).toBeLessThan(5000)
    expect(conditions.filter(Array.isArray)).toEqual([['content-length-range', 1, 1000]])
    const { Policy: _, 'X-Amz-Signature': signature, ...fixed } = ticket.fields
    expect(signature).toMatch(/^[0-9a-f]{64}$/)
    expect(Object.assign({}, ...conditions.filter((one) => !Array.isArray(one)))).toEqual(fixed)
    expect(fixed).toMatchObject({
      key: 'in/uploads/me/1/a b+ü.jpg',
      bucket: 'pictures',
      'Content-Type': 'image/jpeg',
      'x-amz-meta-thumbsmith-text': 'YWJj',
      'X-Amz-Security-Token': 'session',
    })
  })

  it('are a PUT whose every header is signed, once only, where the server takes no forms', async () => {
    for (const ticket of [
      await open('&ticket=put').signUpload(POLICY),
      await open().signUpload({ ...POLICY, method: 'PUT' }),
    ]) {
      if (ticket.method !== 'PUT') throw new Error(ticket.method)
      const { host, pathname, searchParams } = new URL(ticket.url)
      expect(host).toBe('pictures.s3.eu-central-1.amazonaws.com')
      expect(pathname).toBe('/in/uploads/me/1/a%20b%2B%C3%BC.jpg')
      expect(searchParams.get('X-Amz-SignedHeaders')).toBe(
        'content-length;content-type;host;if-none-match;x-amz-meta-thumbsmith-text',
      )
      expect([...searchParams.keys()].filter((name) => /checksum|meta/.test(name))).toEqual([])
      expect(ticket.headers).toEqual({
        'Content-Type': 'image/jpeg',
        'x-amz-meta-thumbsmith-text': 'YWJj',
        'Content-Length': '900',
        'If-None-Match': '*',
      })
    }
  })

  it('are refused for what they could not hold', async () => {
    const code = (policy: Partial<UploadPolicy>) =>
      open()
        .signUpload({ ...POLICY, ...policy })
        .then(
          () => 'signed',
          (error: ThumbsmithError) => error.code,
        )
    expect(await code({ key: `uploads/$\{filename}` })).toBe('key.invalid')
    expect(await code({ key: 'x'.repeat(1022) })).toBe('key.invalid')
    expect(await code({ method: 'PUT', bytes: undefined })).toBe('request.invalid')
    expect(await code({ contentType: 'image/jpeg\r\nx: y' })).toBe('request.invalid')
    expect(await code({ metadata: { text: 'ü' } })).toBe('request.invalid')
  })
})

describe('refusals', () => {
  const refusal = (name: string, httpStatusCode: number) =>
    new S3ServiceException({ name, message: 'no', $fault: 'client', $metadata: { httpStatusCode } })
  const action = { what: 'read objects', permission: 's3:GetObject and s3:ListBucket' }

  it.each([
    ['AccessDenied', 403, 'storage.unavailable', 'Allow s3:GetObject and s3:ListBucket'],
    ['Forbidden', 403, 'storage.unavailable', 'does not allow to read objects'],
    ['NoSuchBucket', 404, 'storage.unavailable', 'Create it'],
    ['SignatureDoesNotMatch', 403, 'storage.unavailable', 'secret key'],
    ['InvalidAccessKeyId', 403, 'storage.unavailable', 'AWS_ACCESS_KEY_ID'],
    ['PermanentRedirect', 301, 'storage.unavailable', 'region'],
    ['SlowDown', 503, 'storage.unavailable', 'tried again'],
    ['InternalError', 500, 'storage.unavailable', 'tried again'],
    ['TooManyRequests', 429, 'storage.unavailable', 'tried again'],
    ['NotImplemented', 501, 'storage.unavailable', 'cannot read objects'],
    ['QuotaExceeded', 403, 'storage.full', 'raise its quota'],
    ['InsufficientStorage', 507, 'storage.full', 'Free some space'],
    ['PreconditionFailed', 412, 'storage.precondition_failed', 'changed'],
    ['ConditionalRequestConflict', 409, 'storage.precondition_failed', 'changed'],
    ['InvalidRange', 416, 'request.invalid', 'range'],
    ['KeyTooLongError', 400, 'key.invalid', 'shorter'],
  ])('%s (%i) is %s: %s', (name, status, code, words) => {
    const error = storageError(refusal(name, status), 'pictures', action)
    expect(error.code).toBe(code)
    expect(error.message).toContain(words)
    expect(error.detail).toContain(name)
  })

  it('are outages where there was no answer', () => {
    for (const name of ['TimeoutError', 'AbortError', 'Error', 'CredentialsProviderError']) {
      const error = storageError(Object.assign(new Error('no'), { name }), 'pictures', action)
      expect(error.code).toBe('storage.unavailable')
    }
    const own = new ThumbsmithError('key.invalid')
    expect(storageError(own, 'pictures', action)).toBe(own)
  })

  it('say "not there" only by a 404 for the object', () => {
    expect(isMissingObject(refusal('NoSuchKey', 404))).toBe(true)
    expect(isMissingObject(refusal('NotFound', 404))).toBe(true)
    for (const other of [refusal('NoSuchBucket', 404), refusal('AccessDenied', 403), new Error('NoSuchKey')])
      expect(isMissingObject(other)).toBe(false)
    expect(isRace(refusal('ConditionalRequestConflict', 409))).toBe(true)
  })
})

describe('bodies', () => {
  it('go in whole parts', async () => {
    const gather = async (chunks: number[], partBytes: number) => {
      const parts: number[] = []
      const bytes = chunks.map((length, i) => new Uint8Array(length).fill(i + 1))
      const read: Uint8Array[] = []
      for await (const part of partsOf(Readable.from(bytes), partBytes)) {
        parts.push(part.length)
        read.push(part)
      }
      expect(Buffer.concat(read).equals(Buffer.concat(bytes))).toBe(true)
      return parts
    }
    expect(await gather([], 10)).toEqual([0])
    expect(await gather([3], 10)).toEqual([3])
    expect(await gather([10], 10)).toEqual([10])
    expect(await gather([3, 7, 1], 10)).toEqual([10, 1])
    expect(await gather([25, 4, 6], 10)).toEqual([10, 10, 10, 5])
    expect(await gather([9, 9, 9, 9], 10)).toEqual([10, 10, 10, 6])
  })

  it('that end early or fall silent are outages', async () => {
    const whole = Readable.from([Buffer.from('123'), Buffer.from('45')])
    expect(Buffer.from(await readAll(streamOf(whole, 5, 1000), 10)).toString()).toBe('12345')
    const cut = readAll(streamOf(Readable.from([Buffer.from('123')]), 5, 1000), 10)
    await expect(cut).rejects.toMatchObject({ code: 'storage.unavailable' })
    const silent = new Readable({ read() {} })
    await expect(readAll(streamOf(silent, 5, 30), 10)).rejects.toMatchObject({ code: 'storage.unavailable' })
    expect(silent.destroyed).toBe(true)
  })

  it('free their connection when nobody wants them any more', async () => {
    const body = new Readable({ read() {} })
    await streamOf(body, 5, 1000).cancel()
    expect(body.destroyed).toBe(true)
  })
})
