// The four examples on an emulated AWS made from infra/main.tf, with the roles that it names: told through public addresses, from ticket to download.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import * as S3 from '@aws-sdk/client-s3'
import * as SNS from '@aws-sdk/client-sns'
import * as SQS from '@aws-sdk/client-sqs'
import { generateKeyPair } from 'jose'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { OriginalList } from '../../src/http/schemas.ts'
import { halfPhoto, photo } from '../fixtures/pictures.ts'
import { awsRecord, formEncoded } from '../fixtures/store-events.ts'
import { startMinistack } from '../servers/ministack.ts'
import { ROOT } from './build.ts'
import { openIssuer } from './issuer.ts'
import { openStack, REGION, type Stack } from './stack.ts'

const WAIT = { timeout: 60_000, interval: 300 }
let aws: Awaited<ReturnType<typeof startMinistack>>

beforeAll(async () => {
  aws = await startMinistack()
})
afterAll(() => aws?.stop())

const place = () => ({ endpoint: aws.endpoint, region: REGION })
const open = (example: string, more: object = {}) =>
  openStack(place(), { example, built: inject('functions'), ...more })
const sizeOf = async (url: string) => {
  const answer = await fetch(url)
  expect(answer.status).toBe(200)
  const { format, width, height } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata()
  return { format, width, height }
}

/** As AWS sends it to the queue. */
const recorded = (bucket: string, key: string) => ({ Records: [awsRecord(formEncoded(key), { bucket })] })

/** As radosgw sends it: keys are as they are. */
const raw = (bucket: string, key: string) => ({
  Records: [
    {
      eventVersion: '2.2',
      eventSource: 'ceph:s3',
      eventName: 's3:ObjectCreated:Post',
      s3: { bucket: { name: bucket }, object: { key, eTag: '"781e5e245d69b566979b86e28d23f2c7"', sequencer: 'A4F1' } },
    },
  ],
})

/** As the dashboard asks for fonts. */
const PART = { range: 'bytes=0-3999999' }

describe('youtube', () => {
  let stack: Stack
  let token: string
  beforeAll(async () => {
    stack = await open('youtube', { inputs: { public_renditions: ['thumbnails/*'] } })
    token = await stack.tokenOf('ann', { role: 'operator' })
  })
  afterAll(() => stack?.close())

  it('gives a titled thumbnail by a signed link, and by CloudFront where it is public', async () => {
    const title = 'Ten เรื่อง नमस्ते 誰も 🦀'
    const { id, ticket } = await stack.upload(token, await photo(), 'my photo+1 ü.jpg', { title })
    expect(ticket.method).toBe('POST')
    const view = await stack.settled(token, id)
    expect(view).toMatchObject({ state: 'ready', title, key: expect.stringMatching(/^videos\//) })
    const [thumbnail] = view.renditions
    expect(await sizeOf(thumbnail!.downloadUrl!)).toEqual({ format: 'jpeg', width: 1280, height: 720 })

    const [key] = await stack.keysOf(stack.outputs.renditions_bucket)
    const path = `/${key!.split('/').map(encodeURIComponent).join('/')}`
    const shown = await stack.ask(stack.outputs.site_url, path)
    expect([shown.status, shown.headers['content-type']]).toEqual([200, 'image/jpeg'])
    expect(Object.keys(shown.headers).filter((name) => name.startsWith('x-amz-meta'))).toEqual([])
    // The bucket itself shows nothing without a signature, and CloudFront nothing of the state.
    expect((await fetch(`${aws.endpoint}/${stack.outputs.renditions_bucket}${path}`)).status).toBe(403)
    const [state] = (
      await stack.s3.send(
        new S3.ListObjectsV2Command({ Bucket: stack.outputs.renditions_bucket, Prefix: '.thumbsmith/manifests/' }),
      )
    ).Contents!
    expect((await stack.ask(stack.outputs.site_url, `/${state!.Key}`)).status).not.toBe(200)
  })

  it('says what is wrong with a damaged picture', async () => {
    const { id } = await stack.upload(token, await halfPhoto(), 'half.jpg')
    const view = await stack.settled(token, id)
    expect(view).toMatchObject({
      state: 'failed',
      renditions: [{ error: { code: 'image.damaged' } }],
    })
    expect(await stack.waiting('dead')).toBe(0)
  })

  it('serves the dashboard, and the API to those who are signed in', async () => {
    const page = await stack.ask(stack.outputs.api_url, '/')
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect((await stack.ask(stack.outputs.api_url, '/v1/originals')).status).toBe(401)
    // What it sets titles with while they are typed; no answer of a function may have more than 6 MB, as base64.
    for (const [path, type, headers] of [
      ['canvaskit-wasm/bin/canvaskit.wasm', 'application/wasm', { 'accept-encoding': 'gzip' }],
      ['@fontsource/anton/unicode.json', 'application/json', {}],
      ['@fontsource/noto-color-emoji/files/noto-color-emoji-emoji-400-normal.woff2', 'font/woff2', PART],
    ] as const) {
      const asset = await stack.ask(stack.outputs.api_url, `/packages/1/${path}`, { headers })
      expect([asset.status, asset.headers['content-type']], path).toEqual([headers === PART ? 206 : 200, type])
      expect(asset.bytes.length * (4 / 3)).toBeLessThan(6_000_000)
    }
    // The page may upload to the bucket, and pages of others may not.
    const preflight = (origin: string) =>
      fetch(`${aws.endpoint}/${stack.outputs.originals_bucket}`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    expect((await preflight(stack.outputs.site_url)).status).toBe(200)
    expect((await preflight('https://elsewhere.example')).status).toBe(403)
  })
})

describe('list-view', () => {
  let stack: Stack
  let issuer: Awaited<ReturnType<typeof openIssuer>>
  const shop = 'https://shop.example.com'
  beforeAll(async () => {
    issuer = await openIssuer('shop')
    stack = await open('list-view', { inputs: { jwt: issuer.jwt, gateway_authorizer: true, sites: [shop] } })
  })
  afterAll(async () => {
    stack?.close()
    await issuer?.close()
  })

  it('lets in whom the issuer of the shop has signed in, and its pages, at the gateway already', async () => {
    const list = (token?: string) => stack.ask(stack.outputs.api_url, '/v1/originals', token ? { token } : {})
    const forged = await issuer.tokenOf('ann', (await generateKeyPair('RS256')).privateKey)
    const statuses = [await list(), await list(forged), await list(await issuer.tokenOf('ann'))]
    expect(statuses.map(({ status }) => status)).toEqual([401, 401, 200])
    const preflight = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST' }
      const answer = await stack.ask(stack.outputs.api_url, '/v1/uploads', { method: 'OPTIONS', headers })
      return answer.headers['access-control-allow-origin']
    }
    expect([await preflight(shop), await preflight('https://elsewhere.example')]).toEqual([shop, undefined])
  })

  it('puts w720.jpg beside org.jpg, for its owner alone', async () => {
    const [ann, bob] = await Promise.all([issuer.tokenOf('ann'), issuer.tokenOf('bob')])
    const { id, ticket, key } = await stack.upload(ann, await photo({ width: 1600, height: 1200 }))
    expect([ticket.method, key]).toEqual(['PUT', expect.stringMatching(/^resources\/medias\/ann\/\w+\/org\.jpg$/)])
    const view = await stack.settled(ann, id)
    expect(await sizeOf(view.renditions[0]!.url!)).toEqual({ format: 'jpeg', width: 720, height: 540 })
    expect(await stack.keysOf(stack.outputs.originals_bucket)).toEqual([key, key.replace('org', 'w720')])
    const { status } = await stack.ask(stack.outputs.api_url, `/v1/originals/${id}`, { token: bob })
    expect(status).toBe(404)
  })
})

describe('same-bucket', () => {
  let stack: Stack
  let token: string
  beforeAll(async () => {
    stack = await open('same-bucket', { inputs: { tries: 2 } })
    token = await stack.tokenOf('ann', { role: 'operator' })
  })
  afterAll(() => stack?.close())

  const thumbnails = async () => {
    const keys = await stack.keysOf(stack.outputs.originals_bucket)
    return keys.filter((key) => key.startsWith('thumbnails/')).sort()
  }

  it('renders what others drop, under any name, once, and never its own output', async () => {
    const names = ['2026/a b+c,ü.jpg', 'Kätzchen 🐈.jpg', '100%.jpg']
    for (const name of names) await stack.drop(name, await photo())
    const wanted = names.map((name) => `thumbnails/${name}`).sort()
    await expect.poll(thumbnails, WAIT).toEqual(wanted)
    const { originals } = await stack.api<OriginalList>('/v1/originals', { token })
    expect(originals.map(({ key }) => key).sort()).toEqual([...names].sort())
    expect(await sizeOf(originals[0]!.renditions[0]!.url!)).toEqual({ format: 'jpeg', width: 128, height: 128 })
    await expect.poll(() => stack.waiting('jobs'), WAIT).toBe(0)
    expect(await thumbnails()).toEqual(wanted)
  })

  it('finds in a sweep what no event told of', async () => {
    // S3 tells endings apart by case; the rules do not.
    await stack.drop('lost.JpG', await photo())
    await stack.sweep()
    await expect.poll(thumbnails, WAIT).toContain('thumbnails/lost.JpG')
  })

  it('sets poison aside while its nine siblings are rendered', async () => {
    const { originals_bucket: bucket, queue_urls } = stack.outputs
    const names = ['Ünï + cödé %20', 'Ünï + cödé %20 raw', ...'1234567'].map((name) => `batch/${name}.JpG`)
    for (const name of names) await stack.drop(name, await photo())
    const [encoded, asItIs, ...jobs] = names
    // main.tf has six minutes, which is more than a test should wait.
    const Attributes = { VisibilityTimeout: '15' }
    await stack.sqs.send(new SQS.SetQueueAttributesCommand({ QueueUrl: queue_urls.jobs, Attributes }))
    await stack.send([
      recorded(bucket, encoded!),
      { not: 'ours' },
      raw(bucket, asItIs!),
      ...jobs.map((key) => ({ thumbsmith: { key } })),
    ])
    await expect.poll(thumbnails, WAIT).toEqual(expect.arrayContaining(names.map((name) => `thumbnails/${name}`)))
    await expect.poll(() => stack.waiting('dead'), WAIT).toBe(1)
    expect(await stack.waiting('jobs')).toBe(0)

    // With the settings that Terraform gives out, as its owner would: it comes back, and would be set aside again.
    const env = { ...process.env, ...stack.outputs.settings, ...stack.credentials }
    const retry = promisify(execFile)(process.execPath, ['src/hosts/cli.ts', 'retry', '--dlq'], { cwd: ROOT, env })
    expect((await retry).stdout).toContain('1 message was sent back')
    expect(await stack.waiting('dead')).toBe(0)
  })
})

describe('multi-size-email', () => {
  let stack: Stack
  let token: string
  let inbox: string
  beforeAll(async () => {
    stack = await open('multi-size-email', { file: 'aws.yaml' })
    token = await stack.tokenOf('ann', { role: 'operator' })
    inbox = await subscribe()
  })
  afterAll(() => stack?.close())

  /** A queue that hears what the mailbox does from now on. */
  async function subscribe(): Promise<string> {
    const QueueName = `inbox-${crypto.randomUUID()}`
    const { QueueUrl = '' } = await stack.sqs.send(new SQS.CreateQueueCommand({ QueueName }))
    const { Attributes } = await stack.sqs.send(
      new SQS.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    )
    const allow = { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage' }
    const Policy = JSON.stringify({ Statement: [{ ...allow, Resource: Attributes!.QueueArn }] })
    await stack.sqs.send(new SQS.SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }))
    const TopicArn = stack.outputs.settings.THUMBSMITH_SNS_TOPIC
    await stack.sns.send(new SNS.SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes!.QueueArn }))
    return QueueUrl
  }

  /** Gives all that a queue has heard so far. */
  function reader(QueueUrl: string): () => Promise<string[]> {
    const told: string[] = []
    return async () => {
      const { Messages = [] } = await stack.sqs.send(
        new SQS.ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      )
      for (const { Body = '' } of Messages) {
        const { Message } = JSON.parse(Body) as { Message: string }
        const { type, data } = JSON.parse(Message) as { type: string; data: { key: string } }
        told.push(`${type} ${data.key}`)
      }
      return [...told].sort()
    }
  }

  it('gives three sizes in the other bucket and one message for each upload, events twice or not', async () => {
    const ready = await stack.upload(token, await photo({ width: 1600, height: 1200 }))
    const damaged = await stack.upload(token, await halfPhoto(), 'half.jpg')
    const view = await stack.settled(token, ready.id)
    await stack.settled(token, damaged.id)
    expect(view.renditions.map(({ preset, state }) => [preset, state])).toEqual([
      ['thumbnails', 'ready'],
      ['medium', 'ready'],
      ['large', 'ready'],
    ])
    expect(await sizeOf(view.renditions[2]!.url!)).toEqual({ format: 'jpeg', width: 1024, height: 768 })
    const again = recorded(stack.outputs.originals_bucket, ready.key)
    await stack.send([again, again])

    const hear = reader(inbox)
    const wanted = [`original.failed ${damaged.key}`, `original.ready ${ready.key}`]
    await expect.poll(hear, WAIT).toEqual(wanted)
    await expect.poll(() => stack.waiting('jobs'), WAIT).toBe(0)
    expect(await hear()).toEqual(wanted)
  })
  it('tells later what could not be told, without a sweep, and its renditions wait for nothing', async () => {
    const TopicArn = stack.outputs.settings.THUMBSMITH_SNS_TOPIC!
    await stack.sns.send(new SNS.DeleteTopicCommand({ TopicArn }))
    const { id, key } = await stack.upload(token, await photo({ width: 400, height: 300 }))
    expect((await stack.settled(token, id)).state).toBe('ready')
    // The word that it failed waits in the queue for five seconds.
    await expect.poll(() => stack.delayed('backfill'), WAIT).toBe(1)
    await stack.sns.send(new SNS.CreateTopicCommand({ Name: TopicArn.split(':').at(-1)! }))
    const hear = reader(await subscribe())
    await expect.poll(hear, WAIT).toEqual([`original.ready ${key}`])
    await expect.poll(() => stack.delayed('backfill'), WAIT).toBe(0)
    expect(await hear()).toEqual([`original.ready ${key}`])
  })
})
