// A bucket as a store on the AWS SDK, which tries again what failed, finds credentials and regions, and can do all that S3 can.
import type { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import { ThumbsmithError } from '../errors.ts'
import { streamOf } from './s3-body.ts'
import { type Bucket, openBucket, PATIENT, type S3StorageOptions } from './s3-client.ts'
import { isMissingObject, type S3Action, statusOf } from './s3-errors.ts'
import { putObject } from './s3-put.ts'
import { headOf, quotedEtag, rangeOf, SEEN_MS, SILENCE_MS } from './s3-terms.ts'
import { KEY_MAX_BYTES, type ObjectHead, type PutOptions, type Storage } from './storage.ts'

const READ: S3Action = { what: 'read objects', permission: 's3:GetObject and s3:ListBucket' }
const REMOVE: S3Action = { what: 'delete objects', permission: 's3:DeleteObject' }
const LIST: S3Action = { what: 'list objects', permission: 's3:ListBucket' }
const LIST_LIMIT = 1000

export interface SdkStorage extends Storage {
  /** `wasSent`: it was tried before, and may be there. */
  put(
    key: string,
    body: Uint8Array | ReadableStream<Uint8Array>,
    options: PutOptions,
    wasSent?: boolean,
  ): Promise<ObjectHead>
  close(): Promise<void>
}

/**
 * Conditional deletes are exact where the server knows them (AWS does); elsewhere the object is looked at first, and a writer may come
 * in between. Throws nothing here: the first call tells what is wrong.
 */
export function sdkStorage({ credentials, ...location }: S3StorageOptions, tries?: number): SdkStorage {
  const bucket = openBucket(location, credentials, tries)
  const confirmBucket = bucketChecker(bucket)

  async function head(key: string): Promise<ObjectHead | undefined> {
    const command = new HeadObjectCommand({ Bucket: bucket.name, Key: bucket.full(key) })
    try {
      return headOf(key, await bucket.call(READ, (call) => bucket.client.send(command, call), isMissingObject))
    } catch (error) {
      if (error instanceof ThumbsmithError) throw error
      await confirmBucket()
      return undefined
    }
  }

  return {
    url: `s3://${bucket.name}/${bucket.prefix}`,
    head,

    async get(key, { range, ifMatch } = {}) {
      const command = new GetObjectCommand({
        Bucket: bucket.name,
        Key: bucket.full(key),
        ...rangeOf(range),
        ...(ifMatch !== undefined && { IfMatch: quotedEtag(ifMatch) }),
      })
      try {
        const answer = await bucket.call(READ, (call) => bucket.client.send(command, call), isMissingObject)
        const bytes = answer.ContentLength ?? 0
        const whole = Number(answer.ContentRange?.split('/')[1] ?? bytes)
        return {
          head: headOf(key, { ...answer, ContentLength: whole }),
          stream: streamOf(answer.Body as Readable, bytes, SILENCE_MS),
        }
      } catch (error) {
        if (error instanceof ThumbsmithError) throw error
        return undefined
      }
    },

    put: (key, body, options, wasSent = false) => putObject(bucket, key, body, options, wasSent),

    async delete(key, { ifMatch } = {}) {
      const object = { Bucket: bucket.name, Key: bucket.full(key) }
      if (ifMatch !== undefined) {
        const there = await head(key)
        if (!there) return
        if (there.etag !== ifMatch) throw new ThumbsmithError('storage.precondition_failed')
      }
      const command = new DeleteObjectCommand({
        ...object,
        ...(ifMatch !== undefined && { IfMatch: quotedEtag(ifMatch) }),
      })
      await bucket
        .call(REMOVE, (call) => bucket.client.send(command, call), isMissingObject)
        .catch((error) => {
          if (error instanceof ThumbsmithError) throw error
        })
    },

    async list({ prefix = '', after = '', limit = LIST_LIMIT } = {}) {
      if (!isPossible(prefix)) return []
      const heads: ObjectHead[] = []
      for (let token: string | undefined; ; ) {
        const command = new ListObjectsV2Command({
          Bucket: bucket.name,
          Prefix: bucket.prefix + prefix,
          // XML cannot hold every character that a key can.
          EncodingType: 'url',
          MaxKeys: Math.min(limit - heads.length, LIST_LIMIT),
          ...(token !== undefined
            ? { ContinuationToken: token }
            : after !== '' && { StartAfter: bucket.prefix + after }),
        })
        const page = await bucket.call(LIST, (call) => bucket.client.send(command, { ...call, ...PATIENT }))
        for (const object of page.Contents ?? []) {
          const key = decodeListed(object.Key ?? '').slice(bucket.prefix.length)
          if (key !== '') heads.push(headOf(key, { ...object, ContentLength: object.Size }))
        }
        token = page.NextContinuationToken
        if (!page.IsTruncated || token === undefined || heads.length >= limit) return heads
      }
    },

    async signUpload(policy) {
      const { signUpload } = await import('./s3-sign.ts')
      return signUpload(bucket, location.ticket === 'put' ? { ...policy, method: 'PUT' } : policy)
    },
    async signDownload(key, options) {
      const { signDownload } = await import('./s3-sign.ts')
      return signDownload(bucket, key, options)
    },

    async close() {
      bucket.close()
    },
  }
}

/** A HEAD says 404 also where the whole bucket is gone, which says nothing about the object. */
function bucketChecker(bucket: Bucket): () => Promise<void> {
  let seen = Number.NEGATIVE_INFINITY
  return async () => {
    if (performance.now() - seen < SEEN_MS) return
    const command = new HeadBucketCommand({ Bucket: bucket.name })
    try {
      await bucket.call(
        LIST,
        (call) => bucket.client.send(command, call),
        (error) => statusOf(error) === 404,
      )
    } catch (error) {
      if (error instanceof ThumbsmithError) throw error
      const message = `The bucket ${bucket.name} does not exist. Create it, or mend its name.`
      throw new ThumbsmithError('storage.unavailable', message, { cause: error })
    }
    seen = performance.now()
  }
}

/** S3 encodes listed keys as forms are: a plus is a space. */
const decodeListed = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '))

/** A prefix that no key can begin with finds nothing; it is no error. */
function isPossible(prefix: string): boolean {
  return prefix.isWellFormed() && !prefix.includes('\0') && Buffer.byteLength(prefix) <= KEY_MAX_BYTES
}
