// Writing to S3: whole or not at all, under conditions that hold against other writers, small bodies in one call and large ones in parts.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { ThumbsmithError } from '../errors.ts'
import { partsOf } from './s3-body.ts'
import { type Bucket, PATIENT } from './s3-client.ts'
import { isMissingObject, isRace, type S3Action, statusOf } from './s3-errors.ts'
import { bareEtag, PROMPT_MAX_BYTES, quotedEtag } from './s3-terms.ts'
import { checkMetadata, type ObjectHead, type PutOptions } from './storage.ts'

/** A body of one part goes in one call; S3 wants parts of 5 MiB at least, and 10,000 at most: 160 GB. */
const PART_BYTES = 16 * 1024 * 1024
const RACES_MAX = 6
const WRITE: S3Action = { what: 'write objects', permission: 's3:PutObject' }

/** `wasSent`: it was tried before, and may be there. */
export async function putObject(
  bucket: Bucket,
  key: string,
  body: Uint8Array | ReadableStream<Uint8Array>,
  options: PutOptions,
  wasSent: boolean,
): Promise<ObjectHead> {
  const target = targetOf(bucket, key, options)
  const parts = partsOf(body, PART_BYTES)
  try {
    const first = await parts.next()
    const bytes = first.value as Uint8Array
    if (bytes.length < PART_BYTES)
      return headOf(key, await putWhole(bucket, target, bytes, wasSent), bytes.length, options)
    const { etag, length } = await putInParts(bucket, target, bytes, parts)
    return headOf(key, etag, length, options)
  } finally {
    await parts.return(undefined)
  }
}

interface Target {
  object: { Bucket: string; Key: string }
  headers: { ContentType: string; Metadata: Record<string, string> }
  ifNoneMatch: '*' | undefined
  ifMatch: string | undefined
}

function targetOf(
  bucket: Bucket,
  key: string,
  { contentType, metadata = {}, ifNoneMatch, ifMatch }: PutOptions,
): Target {
  const object = { Bucket: bucket.name, Key: bucket.full(key) }
  checkMetadata(metadata)
  return { object, headers: { ContentType: contentType, Metadata: metadata }, ifNoneMatch, ifMatch }
}

function conditionOf({ wantsBareEtags }: Bucket, { ifNoneMatch, ifMatch }: Target) {
  return {
    ...(ifNoneMatch && { IfNoneMatch: ifNoneMatch }),
    ...(ifMatch !== undefined && { IfMatch: wantsBareEtags ? ifMatch : quotedEtag(ifMatch) }),
  }
}

const headOf = (key: string, etag: string, bytes: number, options: PutOptions): ObjectHead => ({
  key,
  etag,
  bytes,
  contentType: options.contentType,
  modified: new Date(),
  metadata: options.metadata ?? {},
})

async function putWhole(bucket: Bucket, target: Target, bytes: Uint8Array, wasSent: boolean): Promise<string> {
  const { object, headers, ifMatch } = target
  for (let races = 0; ; ) {
    const wasBare = bucket.wantsBareEtags
    const command = new PutObjectCommand({ ...object, ...headers, ...conditionOf(bucket, target), Body: bytes })
    try {
      const pace = bytes.length > PROMPT_MAX_BYTES ? PATIENT : {}
      const { ETag } = await bucket.call(
        WRITE,
        (call) => bucket.client.send(command, { ...call, ...pace }),
        isConditionAnswer,
      )
      return bareEtag(ETag)
    } catch (error) {
      if (error instanceof ThumbsmithError) throw error
      if (isRace(error) && races++ < RACES_MAX) {
        await sleep(10 * 2 ** races * (0.5 + Math.random()))
        continue
      }
      const now = statusOf(error) === 412 ? await etagNow(bucket, object) : undefined
      // A first try whose answer was lost makes the second one fail on its own success.
      if ((wasSent || triesOf(error) > 1) && now === md5(bytes)) return now
      if (wasBare || now === undefined || now !== ifMatch)
        throw new ThumbsmithError('storage.precondition_failed', undefined, { cause: error })
      bucket.wantsBareEtags = true
    }
  }
}

/** `If-Match` on an object that is not there is answered with 412 or 404. */
function isConditionAnswer(error: unknown): boolean {
  return statusOf(error) === 412 || isRace(error) || isMissingObject(error)
}

const triesOf = (error: unknown): number => (error as { $metadata?: { attempts?: number } }).$metadata?.attempts ?? 1
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

async function etagNow(bucket: Bucket, object: Target['object']): Promise<string | undefined> {
  try {
    const look = new HeadObjectCommand(object)
    const { ETag } = await bucket.call(WRITE, (call) => bucket.client.send(look, call), isMissingObject)
    return bareEtag(ETag)
  } catch (error) {
    if (error instanceof ThumbsmithError) throw error
    return undefined
  }
}

async function putInParts(
  bucket: Bucket,
  target: Target,
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): Promise<{ etag: string; length: number }> {
  const { object, headers } = target
  const { client } = bucket
  const create = new CreateMultipartUploadCommand({ ...object, ...headers })
  const { UploadId } = await bucket.call(WRITE, (call) => client.send(create, call))
  const upload = { ...object, UploadId }
  const done: CompletedPart[] = []
  let length = 0
  const send = async (bytes: Uint8Array) => {
    const PartNumber = done.length + 1
    const part = new UploadPartCommand({ ...upload, PartNumber, Body: bytes })
    const { ETag } = await bucket.call(WRITE, (call) => client.send(part, { ...call, ...PATIENT }))
    done.push({ PartNumber, ETag })
    length += bytes.length
  }
  try {
    await send(first)
    for await (const bytes of rest) await send(bytes)
    await checkCondition(bucket, target)
    const complete = new CompleteMultipartUploadCommand({
      ...upload,
      ...conditionOf(bucket, target),
      MultipartUpload: { Parts: done },
    })
    const { ETag } = await bucket.call(WRITE, (call) => client.send(complete, { ...call, ...PATIENT }))
    // Ceph leaves it out.
    const etag = bareEtag(ETag) || (await etagNow(bucket, object))
    if (!etag) throw new ThumbsmithError('storage.precondition_failed')
    return { etag, length }
  } catch (error) {
    const abort = new AbortMultipartUploadCommand(upload)
    // What stays behind, the bucket's own rule removes.
    await bucket.call(WRITE, (call) => client.send(abort, call)).catch(() => {})
    throw error
  }
}

/** Servers that know conditions only for whole puts leave a gap of one call here. */
async function checkCondition(bucket: Bucket, { object, ifNoneMatch, ifMatch }: Target): Promise<void> {
  if (!ifNoneMatch && ifMatch === undefined) return
  const now = await etagNow(bucket, object)
  if (ifNoneMatch ? now !== undefined : now !== ifMatch) throw new ThumbsmithError('storage.precondition_failed')
}
