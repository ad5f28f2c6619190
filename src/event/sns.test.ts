// Messages that claim to come from a topic of ours: true ones, and every lie that has worked somewhere.
import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ThumbsmithError } from '../errors.ts'
import { snsGate } from './sns.ts'

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:pictures'
const HOST = 'https://sns.eu-central-1.amazonaws.com'
const CERTIFICATE = `${HOST}/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem`
const amazon = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })

type Message = Record<string, string>
const NOTIFICATION: Message = {
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: TOPIC,
  Subject: 'Amazon S3 Notification',
  Message: '{"Records":[]}',
  Timestamp: '2026-05-04T09:31:08.000Z',
  SignatureVersion: '1',
  SigningCertURL: CERTIFICATE,
  UnsubscribeURL: `${HOST}/?Action=Unsubscribe`,
}
const CONFIRM_URL = `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37`
const CONFIRMATION: Message = {
  ...NOTIFICATION,
  Type: 'SubscriptionConfirmation',
  Token: '2336412f37',
  SubscribeURL: CONFIRM_URL,
}

function signed(message: Message, by = amazon.privateKey): string {
  const names =
    message.Type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
  const text = names.map((name) => (message[name] === undefined ? '' : `${name}\n${message[name]}\n`)).join('')
  const algorithm = message.SignatureVersion === '2' ? 'RSA-SHA256' : 'RSA-SHA1'
  return JSON.stringify({ ...message, Signature: sign(algorithm, Buffer.from(text), by).toString('base64') })
}

/** Amazon's address, and a list of what was fetched. */
function openGate(topics = [TOPIC]) {
  const fetched: string[] = []
  const told: unknown[] = []
  let clock = 0
  const pass = (ms: number) => {
    clock += ms
  }
  const gate = snsGate({
    topics,
    now: () => clock,
    onSubscription: (topic, error) => void told.push(error ?? topic),
    async fetch(input) {
      const url = String(input instanceof Request ? input.url : input)
      fetched.push(url)
      if (url === CERTIFICATE) return new Response(amazon.publicKey.export({ type: 'spki', format: 'pem' }))
      return url === new URL(CONFIRM_URL).href ? new Response('<ok/>') : new Response('', { status: 404 })
    },
  })
  return { gate, fetched, told, pass }
}

describe('true messages', () => {
  it('of both versions of the signature, with one look at the certificate', async () => {
    const { gate, fetched } = openGate()
    expect(await gate(signed(NOTIFICATION))).toBe(true)
    expect(await gate(signed({ ...NOTIFICATION, SignatureVersion: '2' }))).toBe(true)
    const { Subject, ...bare } = NOTIFICATION
    expect(Subject).toBeDefined()
    expect(await gate(signed(bare))).toBe(true)
    expect(fetched).toEqual([CERTIFICATE])
  })

  it('confirm a subscription', async () => {
    const { gate, fetched, told } = openGate()
    expect(await gate(signed(CONFIRMATION))).toBe(true)
    await expect.poll(() => told).toEqual([TOPIC])
    expect(fetched).toEqual([CERTIFICATE, new URL(CONFIRM_URL).href])
  })

  it('of China come from there', async () => {
    const topic = 'arn:aws-cn:sns:cn-north-1:123456789012:pictures'
    const { gate, fetched } = openGate([topic])
    const at = (host: string) => ({ ...NOTIFICATION, TopicArn: topic, SigningCertURL: CERTIFICATE.replace(HOST, host) })
    expect(await gate(signed(at('https://sns.cn-north-1.amazonaws.com')))).toBe(false)
    expect(fetched).toEqual([])
    await gate(signed(at('https://sns.cn-north-1.amazonaws.com.cn'))).catch(() => {})
    expect(fetched).toHaveLength(1)
  })
})

describe('lies', () => {
  it('about anything that is signed', async () => {
    const { gate } = openGate()
    for (const name of ['Message', 'MessageId', 'Subject', 'Timestamp'])
      expect(await gate(JSON.stringify({ ...JSON.parse(signed(NOTIFICATION)), [name]: 'changed' }))).toBe(false)
    expect(await gate(JSON.stringify({ ...JSON.parse(signed(NOTIFICATION)), SignatureVersion: '2' }))).toBe(false)
    expect(await gate(JSON.stringify({ ...JSON.parse(signed(NOTIFICATION)), Type: 'UnsubscribeConfirmation' }))).toBe(
      false,
    )
    expect(await gate(signed(NOTIFICATION, other.privateKey))).toBe(false)
  })

  const CERTIFICATES = [
    'https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem',
    'https://evil.example/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem',
    'https://s3.amazonaws.com/bucket/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem',
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem',
    'https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem',
    'https://evil.example#@sns.eu-central-1.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem',
    'https://x:y@sns.eu-central-1.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem',
    'https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem',
    CERTIFICATE.replace('https', 'http'),
    `${HOST}/redirect?to=https://evil.example`,
    `${HOST}/../SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem/x`,
    `${CERTIFICATE}?to=evil`,
    'file:///etc/passwd',
    'not a URL',
  ]
  it.each(CERTIFICATES)('about where the certificate is: %s', async (url) => {
    const { gate, fetched } = openGate()
    expect(await gate(signed({ ...NOTIFICATION, SigningCertURL: url }, other.privateKey))).toBe(false)
    expect(fetched).toEqual([])
  })

  it('of another topic, truly signed, are not even looked into', async () => {
    const { gate, fetched } = openGate()
    const foreign = 'arn:aws:sns:eu-central-1:666666666666:pictures'
    for (const message of [NOTIFICATION, CONFIRMATION])
      expect(await gate(signed({ ...message, TopicArn: foreign }))).toBe(false)
    expect(fetched).toEqual([])
  })

  it.each([
    CONFIRM_URL.replace(HOST, 'https://evil.example'),
    CONFIRM_URL.replace('https', 'http'),
    CONFIRM_URL.replace(TOPIC, 'arn:aws:sns:eu-central-1:666666666666:pictures'),
    CONFIRM_URL.replace('ConfirmSubscription', 'Unsubscribe'),
  ])('about where to confirm: %s', async (url) => {
    const { gate, fetched } = openGate()
    expect(await gate(signed({ ...CONFIRMATION, SubscribeURL: url }))).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(fetched).toEqual([CERTIFICATE])
  })

  it('of no known shape', async () => {
    const { gate, fetched } = openGate()
    for (const body of ['', 'x', 'null', '[]', '{}', '{"Type":"Notification"}']) expect(await gate(body)).toBe(false)
    expect(fetched).toEqual([])
  })
})

it('does not go to Amazon for every certificate that somebody invents', async () => {
  const { gate, fetched, pass } = openGate()
  const invented = (i: number) =>
    signed({ ...NOTIFICATION, SigningCertURL: CERTIFICATE.replace(/.{4}\.pem/, `${1000 + i}.pem`) })
  const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => gate(invented(i))))
  for (const answer of answers) {
    const error = answer.status === 'rejected' ? (answer.reason as unknown) : undefined
    expect(error instanceof ThumbsmithError && error.code).toBe('auth.unavailable')
  }
  expect(fetched).toHaveLength(1)
  pass(1000)
  expect(await gate(signed(NOTIFICATION))).toBe(true)
})

it('takes whole topics only', () => {
  for (const topic of [
    '',
    'pictures',
    'arn:aws:sns:*:123456789012:pictures',
    'arn:aws:sqs:eu-central-1:123456789012:q',
  ])
    expect(() => snsGate({ topics: [topic] })).toThrow(ThumbsmithError)
})
