// A server beside a bucket that others fill and that tells of it through SQS: what is put there is rendered at once, without a sweep.
import * as S3 from '@aws-sdk/client-s3'
import * as SQS from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, it } from 'vitest'
import { idOfKey } from '../../src/original.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Home, openHome, until } from '../hosts/harness.ts'
import { startMinistack } from '../servers/ministack.ts'
import { KEYS } from './call.ts'
import { REGION } from './stack.ts'

const KEY = 'uploads/ann/1/Kätzchen + 50%.jpg'
let aws: Awaited<ReturnType<typeof startMinistack>>
let s3: S3.S3Client
let sqs: SQS.SQSClient
let QueueUrl: string
let home: Home

beforeAll(async () => {
  aws = await startMinistack()
  const where = { endpoint: aws.endpoint, region: REGION, credentials: KEYS }
  s3 = new S3.S3Client({ ...where, forcePathStyle: true })
  sqs = new SQS.SQSClient(where)
  for (const Bucket of ['originals', 'renditions']) await s3.send(new S3.CreateBucketCommand({ Bucket }))
  const made = await sqs.send(new SQS.CreateQueueCommand({ QueueName: 'events' }))
  QueueUrl = made.QueueUrl!
  const asked = new SQS.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] })
  const { Attributes } = await sqs.send(asked)
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: Attributes!.QueueArn,
    },
  ]
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await sqs.send(new SQS.SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }))
  const QueueConfigurations = [{ QueueArn: Attributes!.QueueArn!, Events: ['s3:ObjectCreated:*' as const] }]
  const NotificationConfiguration = { QueueConfigurations }
  await s3.send(new S3.PutBucketNotificationConfigurationCommand({ Bucket: 'originals', NotificationConfiguration }))
  const url = (bucket: string) => `s3://${bucket}?endpoint=${aws.endpoint}&region=${REGION}&pathStyle=true`
  home = await openHome({
    env: {
      THUMBSMITH_ORIGINALS: url('originals'),
      THUMBSMITH_RENDITIONS: url('renditions'),
      THUMBSMITH_EVENTS_QUEUE: `sqs:${QueueUrl}`,
      THUMBSMITH_SWEEP_SECONDS: '3600',
      AWS_ENDPOINT_URL_SQS: aws.endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    },
  })
})
afterAll(async () => {
  await home?.close()
  await aws?.stop()
})

it('renders what the queue tells of, and leaves the queue empty', async () => {
  const Body = await photo({ width: 320, height: 200 })
  await s3.send(new S3.PutObjectCommand({ Bucket: 'originals', Key: KEY, Body, ContentType: 'image/jpeg' }))
  await until('it is ready', async () => {
    const answer = await home.ask('GET', `/v1/originals/${idOfKey(KEY)}`)
    return ((await answer.json()) as { state?: string }).state === 'ready' || undefined
  })
  await until('the queue is empty', async () => {
    const AttributeNames: SQS.QueueAttributeName[] = [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
    ]
    const { Attributes = {} } = await sqs.send(new SQS.GetQueueAttributesCommand({ QueueUrl, AttributeNames }))
    return Object.values(Attributes).every((count) => count === '0') || undefined
  })
})
