// One example on the emulated AWS: deployed from infra/main.tf, and spoken to through its public addresses as its users would.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import * as S3 from '@aws-sdk/client-s3'
import * as SNS from '@aws-sdk/client-sns'
import * as SQS from '@aws-sdk/client-sqs'
import { SignJWT } from 'jose'
import { expect } from 'vitest'
import type { OriginalView, Upload } from '../../src/http/schemas.ts'
import type { Value } from '../terraform/expression.ts'
import { readVariables } from '../terraform/read.ts'
import { ARCH, functionsFor, ROOT } from './build.ts'
import { call, KEYS, type Place } from './call.ts'
import { deploy } from './deploy.ts'

export const REGION = 'us-east-1'
const WAIT = { timeout: 60_000, interval: 300 }

export type Stack = Awaited<ReturnType<typeof openStack>>
interface Outputs {
  api_url: string
  site_url: string
  originals_bucket: string
  renditions_bucket: string
  queue_urls: Record<'jobs' | 'backfill' | 'dead', string>
  jwt_secret: string
  settings: Record<string, string>
}

interface Asking {
  token?: string
  body?: object
  method?: string
  headers?: Record<string, string>
}

interface Options {
  example: string
  /** The presets and rules in the example's folder. */
  file?: string
  inputs?: Record<string, Value>
  /** The folder with the built functions. */
  built: string
}

export async function openStack(place: Place, { example, file = 'thumbsmith.yaml', inputs, built }: Options) {
  const folder = join('examples', example)
  const outputs = (
    await deploy(place, {
      ...(await readVariables(readFileSync(join(ROOT, folder, 'aws.tfvars'), 'utf8'))),
      name: example,
      architecture: ARCH === 'x64' ? 'x86_64' : 'arm64',
      functions: functionsFor(example, join(folder, file), built),
      ...inputs,
    })
  ).outputs as unknown as Outputs
  const where = { ...place, credentials: KEYS }
  const s3 = new S3.S3Client({ ...where, forcePathStyle: true })
  const sqs = new SQS.SQSClient(where)
  const sns = new SNS.SNSClient(where)

  /** By the name in the address, which leads to the emulator. */
  async function ask(site: string, path: string, { token, body, method, headers: more }: Asking = {}) {
    // The emulator takes the word of a proxy for it.
    const headers: Record<string, string> = { host: new URL(site).host, 'x-forwarded-proto': 'https', ...more }
    if (token) headers.authorization = `Bearer ${token}`
    if (body) headers['content-type'] = 'application/json'
    const { hostname, port } = new URL(place.endpoint)
    const asked = request({ hostname, port, path, method: method ?? (body ? 'POST' : 'GET'), headers })
    asked.end(body && JSON.stringify(body))
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return { status: answer.statusCode!, headers: answer.headers, bytes: await buffer(answer) }
  }

  async function api<T>(path: string, options: { token: string; body?: object }): Promise<T> {
    const { status, bytes } = await ask(outputs.api_url, path, options)
    if (status >= 300) throw new Error(`${path}: ${status} ${bytes.toString()}`)
    return JSON.parse(bytes.toString()) as T
  }

  async function attributesOf(queue: keyof Outputs['queue_urls']): Promise<Record<string, string>> {
    const asked = { QueueUrl: outputs.queue_urls[queue], AttributeNames: ['All' as const] }
    return (await sqs.send(new SQS.GetQueueAttributesCommand(asked))).Attributes ?? {}
  }

  const stack = {
    outputs,
    s3,
    sns,
    sqs,
    ask,
    api,
    /** For programs that look in the environment. */
    credentials: {
      AWS_ENDPOINT_URL: place.endpoint,
      AWS_REGION: place.region,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    },
    tokenOf: (owner: string, claims = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(owner)
        .setIssuer(example)
        .setAudience('thumbsmith')
        .setExpirationTime('1h')
        .sign(Buffer.from(outputs.jwt_secret)),

    /** Ticket and upload; acknowledged by the store when it returns. */
    async upload(token: string, bytes: Buffer, filename = 'photo.jpg', more = {}): Promise<Upload> {
      const body = { filename, contentType: 'image/jpeg', bytes: bytes.length, ...more }
      const upload = await api<Upload>('/v1/uploads', { token, body })
      const { ticket } = upload
      const file = new Blob([new Uint8Array(bytes)])
      const form = new FormData()
      if (ticket.method === 'POST')
        for (const [name, value] of [...Object.entries(ticket.fields), ['file', file] as const])
          form.set(name, value as string)
      const init = ticket.method === 'POST' ? { body: form } : { body: file, headers: ticket.headers }
      const answer = await fetch(ticket.url, { method: ticket.method, ...init })
      expect([answer.status, answer.ok ? '' : await answer.text()]).toEqual([answer.status, ''])
      return upload
    },
    /** The original once every rendition is ready or has failed. */
    async settled(token: string, id: string): Promise<OriginalView> {
      let view: OriginalView | undefined
      const look = async () => {
        view = await api<OriginalView>(`/v1/originals/${id}`, { token })
        return view.state
      }
      await expect.poll(look, WAIT).toMatch(/ready|failed/)
      return view!
    },
    /** Every key of a bucket but thumbsmith's own. */
    async keysOf(bucket: string): Promise<string[]> {
      const { Contents = [] } = await s3.send(new S3.ListObjectsV2Command({ Bucket: bucket }))
      return Contents.map(({ Key = '' }) => Key).filter((key) => !key.startsWith('.thumbsmith/'))
    },
    drop: (Key: string, Body: Buffer) =>
      s3.send(new S3.PutObjectCommand({ Bucket: outputs.originals_bucket, Key, Body, ContentType: 'image/jpeg' })),
    /** At most ten, which travel together. */
    async send(bodies: unknown[]): Promise<void> {
      const Entries = bodies.map((body, i) => ({ Id: String(i), MessageBody: JSON.stringify(body) }))
      await sqs.send(new SQS.SendMessageBatchCommand({ QueueUrl: outputs.queue_urls.jobs, Entries }))
    },
    async waiting(queue: 'jobs' | 'dead'): Promise<number> {
      const of = await attributesOf(queue)
      return Number(of.ApproximateNumberOfMessages) + Number(of.ApproximateNumberOfMessagesNotVisible)
    },
    async delayed(queue: 'backfill'): Promise<number> {
      return Number((await attributesOf(queue)).ApproximateNumberOfMessagesDelayed)
    },
    /** As the schedule does. */
    async sweep(): Promise<void> {
      const path = `/2015-03-31/functions/${example}-render/invocations`
      const body = JSON.stringify({ source: 'aws.events', 'detail-type': 'Scheduled Event' })
      await call(place, { service: 'lambda', path, headers: { 'content-type': 'application/json' }, body })
    },
    close() {
      for (const client of [s3, sqs, sns]) client.destroy()
    },
  }
  return stack
}
