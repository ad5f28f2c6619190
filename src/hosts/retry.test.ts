// Another try for what failed, on a folder; and messages that SQS has set aside, sent back by a server that stands in for SQS.
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { photo } from '../../test/fixtures/pictures.ts'
import { openLaptop } from '../../test/road/laptop.ts'
import { openLoopback } from '../../test/servers/loopback.ts'
import { parseConfig } from '../config.ts'
import { stateOf } from '../manifest.ts'
import { retry } from './retry.ts'

const YAML = `
presets: { small: { width: 64 } }
rules: [{ name: uploads, prefix: uploads/, presets: [small], rendition: "{preset}/{subdir}/{name}.{ext}" }]
limits: { rendersPerDay: 1 }
`
let folder: string
let said: string[]
const say = (line: string) => void said.push(line)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thumbsmith-retry-'))
  said = []
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const configOf = (env: Record<string, string> = {}) =>
  parseConfig(YAML, 'test.yaml', {
    THUMBSMITH_ORIGINALS: `file:${folder}/originals`,
    THUMBSMITH_RENDITIONS: `file:${folder}/renditions`,
    THUMBSMITH_LOG_LEVEL: 'error',
    ...env,
  })

it('has originals that failed looked at anew, and no other', async () => {
  const laptop = await openLaptop(YAML, { folder })
  for (const [name, size] of Object.entries({ good: 80, stopped: 81 }))
    await laptop.put(`uploads/${name}.jpg`, await photo({ width: size, height: 60 }))
  await laptop.settle('uploads/good.jpg', 'uploads/stopped.jpg')
  await laptop.put('uploads/stopped.jpg', await photo({ width: 82, height: 60 }))
  await laptop.settle('uploads/stopped.jpg')
  expect(stateOf(await laptop.manifest('uploads/stopped.jpg'))).toBe('failed')
  await laptop.close()

  expect(await retry(configOf(), {}, say)).toBe(0)
  expect(said).toEqual(['1 original is tried again'])

  const after = await openLaptop(YAML, { folder })
  for (const name of ['good', 'stopped'])
    expect([name, stateOf(await after.manifest(`uploads/${name}.jpg`))]).toEqual([name, 'ready'])
  await after.close()
})

it('knows of nothing set aside where there is no SQS', async () => {
  await expect(retry(configOf(), { dlq: true }, say)).rejects.toMatchObject({ code: 'config.invalid' })
})

/** Two queues; the second is the dead-letter queue of the first. */
async function openSqs(dead: string[], { refuses = '' } = {}) {
  const sent: string[] = []
  const setAside = dead.map((body) => ({ body, sentAt: Date.now() - 86_400_000 }))
  const hidden = new Set<string>()
  const actions: Record<string, (asked: Record<string, string>) => object> = {
    GetQueueAttributes: () => ({
      Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: 'arn:aws:sqs:eu-central-1:1:dead' }) },
    }),
    GetQueueUrl: ({ QueueName }) => ({ QueueUrl: `${site}/1/${QueueName}` }),
    ReceiveMessage: () => ({
      Messages: setAside
        .filter(({ body }) => !hidden.has(body))
        .slice(0, 10)
        .map(({ body, sentAt }) => {
          hidden.add(body)
          const MD5OfBody = createHash('md5').update(body).digest('hex')
          return { Body: body, MD5OfBody, ReceiptHandle: body, Attributes: { SentTimestamp: String(sentAt) } }
        }),
    }),
    SendMessage: ({ MessageBody = '', QueueUrl = '' }) => {
      sent.push(`${QueueUrl.split('/').at(-1)} ${MessageBody}`)
      return { MessageId: '1', MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex') }
    },
    DeleteMessage: ({ ReceiptHandle }) => {
      setAside.splice(
        setAside.findIndex(({ body }) => body === ReceiptHandle),
        1,
      )
      return {}
    },
  }
  const { url: site, close } = await openLoopback(({ request, body }) => {
    const asked = JSON.parse(body) as Record<string, string>
    const action = String(request.headers['x-amz-target']).split('.')[1]!
    const isRefused = refuses !== '' && action === 'SendMessage' && asked.MessageBody === refuses
    const answer = isRefused ? { __type: 'InvalidMessageContents' } : actions[action]!(asked)
    return {
      status: isRefused ? 400 : 200,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify(answer),
    }
  })
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', site)
  vi.stubEnv('AWS_REGION', 'eu-central-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  return { config: configOf({ THUMBSMITH_QUEUE: `sqs:${site}/1/jobs,${site}/1/backfill` }), sent, setAside, close }
}

it('sends back what SQS has set aside, and deletes it there', async () => {
  const bodies = Array.from({ length: 23 }, (_, i) => `{"message":${i},"of":"Kätzchen 🐈"}`)
  const sqs = await openSqs(bodies)
  expect(await retry(sqs.config, { dlq: true }, say)).toBe(0)
  expect(sqs.sent).toEqual(bodies.map((body) => `jobs ${body}`))
  expect([sqs.setAside, said]).toEqual([[], ['23 messages were sent back to the queue']])
  await sqs.close()
})

it('keeps what could not be sent', async () => {
  const sqs = await openSqs(['a', 'b', 'c'], { refuses: 'b' })
  await expect(retry(sqs.config, { dlq: true }, say)).rejects.toMatchObject({ code: 'queue.unavailable' })
  expect(sqs.setAside.map(({ body }) => body)).toEqual(['b', 'c'])
  await sqs.close()
})

it('leaves what was set aside again meanwhile for the next time', async () => {
  const sqs = await openSqs(['a'])
  sqs.setAside.push({ body: 'just now', sentAt: Date.now() + 120_000 })
  await retry(sqs.config, { dlq: true }, say)
  expect(sqs.setAside.map(({ body }) => body)).toEqual(['just now'])
  await sqs.close()
})
