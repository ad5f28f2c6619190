// The render function on an emulated AWS: a bucket's events through SQS, renditions in another bucket, one word each through SNS, and poison set aside.
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { halfPhoto, photo } from '../fixtures/pictures.ts'
import { startMinistack } from '../servers/ministack.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64'
const REGION = 'us-east-1'

let aws: Awaited<ReturnType<typeof startMinistack>>
let folder: string
let s3: S3Client
let sqs: SQSClient
const queues: Record<string, { url: string; arn: string }> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thumbsmith-aws-'))
  const yaml = await readFile(join(ROOT, 'examples/multi-size-email/thumbsmith.yaml'), 'utf8')
  const config = join(folder, 'thumbsmith.yaml')
  await writeFile(config, `${yaml.replace('notify: [log]', 'notify: [mail]')}\nnotifiers: { mail: "sns:" }\n`)
  const build = ['scripts/build-lambda.mjs', '--out', folder, '--arch', ARCH, '--config', config]
  execFileSync(process.execPath, build, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
  aws = await startMinistack()
  const where = {
    endpoint: aws.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  s3 = new S3Client({ ...where, forcePathStyle: true })
  sqs = new SQSClient(where)
  await setUp(new SNSClient(where))
})
afterAll(async () => {
  await aws?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function newQueue(name: string, attributes: Record<string, string> = {}) {
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))
  queues[name] = { url, arn: await attributeOf(url, 'QueueArn') }
  return queues[name]
}

async function attributeOf(url: string, name: 'QueueArn' | 'ApproximateNumberOfMessages'): Promise<string> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }))
  return Attributes?.[name] ?? ''
}

async function setUp(sns: SNSClient): Promise<void> {
  for (const Bucket of ['originals', 'renditions']) await s3.send(new CreateBucketCommand({ Bucket }))
  const dead = await newQueue('dead')
  const jobs = await newQueue('jobs', {
    VisibilityTimeout: '4',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 }),
  })
  const inbox = await newQueue('inbox')
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'told' }))
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: inbox.arn }))
  const at = `?region=${REGION}&endpoint=${aws.endpoint}&pathStyle=true`
  await callLambda('functions', {
    FunctionName: 'render',
    Runtime: 'nodejs24.x',
    Role: 'arn:aws:iam::000000000000:role/render',
    Handler: 'dist/hosts/lambda-render.handler',
    Timeout: 60,
    MemorySize: 1769,
    Code: { ZipFile: (await readFile(join(folder, `render-${ARCH}.zip`))).toString('base64') },
    Environment: {
      Variables: {
        THUMBSMITH_ORIGINALS: `s3://originals${at}`,
        THUMBSMITH_RENDITIONS: `s3://renditions${at}`,
        THUMBSMITH_QUEUE: `sqs:${jobs.url}`,
        THUMBSMITH_SNS_TOPIC: TopicArn,
        THUMBSMITH_DECODERS: '1',
      },
    },
  })
  await callLambda('event-source-mappings', {
    EventSourceArn: jobs.arn,
    FunctionName: 'render',
    BatchSize: 10,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  })
  const toJobs = { QueueArn: jobs.arn, Events: ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const] }
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'originals',
      NotificationConfiguration: { QueueConfigurations: [toJobs] },
    }),
  )
}

/** Lambda's own API, for which no client is installed; the emulator reads only the region and the service of a signature. */
async function callLambda(path: string, body: unknown): Promise<void> {
  const credential = `Credential=test/20260101/${REGION}/lambda/aws4_request`
  const answer = await fetch(`${aws.endpoint}/2015-03-31/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  })
  expect([path, answer.ok, answer.ok || (await answer.text())]).toEqual([path, true, true])
}

async function renditions(): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'renditions' }))
  return Contents.flatMap(({ Key }) => (Key === undefined || Key.startsWith('.thumbsmith/') ? [] : Key)).sort()
}

it('renders what lands in the bucket, tells once of each, and sets only poison aside', async () => {
  const names = ['a b+c.jpg', 'Kätzchen 🐈.jpg', 'plain.jpg']
  const put = (name: string, Body: Buffer) =>
    s3.send(new PutObjectCommand({ Bucket: 'originals', Key: `uploads/${name}`, Body, ContentType: 'image/jpeg' }))
  for (const name of names) await put(name, await photo())
  await put('damaged.jpg', await halfPhoto())
  await sqs.send(new SendMessageCommand({ QueueUrl: queues.jobs!.url, MessageBody: '{"not":"ours"}' }))

  const wanted = ['large', 'medium', 'thumbnails'].flatMap((size) => names.map((name) => `${size}/${name}`)).sort()
  await expect.poll(renditions, { timeout: 40_000, interval: 500 }).toEqual(wanted)
  const inDead = () => attributeOf(queues.dead!.url, 'ApproximateNumberOfMessages')
  await expect.poll(inDead, { timeout: 30_000, interval: 500 }).toBe('1')

  const told: string[] = []
  const read = async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queues.inbox!.url, MaxNumberOfMessages: 10 }),
    )
    for (const { Body = '' } of Messages) {
      const { Message } = JSON.parse(Body) as { Message: string }
      const { type, data } = JSON.parse(Message) as { type: string; data: { key: string } }
      told.push(`${type} ${data.key}`)
    }
    return [...told].sort()
  }
  const ready = names.map((name) => `original.ready uploads/${name}`)
  const all = [...ready, 'original.failed uploads/damaged.jpg'].sort()
  await expect.poll(read, { timeout: 20_000, interval: 500 }).toEqual(all)
  expect(await attributeOf(queues.jobs!.url, 'ApproximateNumberOfMessages')).toBe('0')
}, 120_000)
