// Batches of SQS as Lambda gets them, on a real road: which messages are handed back, and that no other is.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { photo } from '../../test/fixtures/pictures.ts'
import { awsRecord, formEncoded } from '../../test/fixtures/store-events.ts'
import { type Laptop, openLaptop, removeLaptop } from '../../test/road/laptop.ts'
import { ThumbsmithError } from '../errors.ts'
import { stateOf } from '../manifest.ts'
import { renderBatch, type SqsRecord } from './lambda-batch.ts'
import type { RunningRoad } from './road.ts'

const YAML = `
presets: { small: { width: 64 } }
rules: [{ name: uploads, prefix: uploads/, presets: [small], rendition: "{preset}/{subdir}/{name}.{ext}" }]
`
const PLENTY = { getRemainingTimeInMillis: () => 60_000 }

let laptop: Laptop
/** The folder stands in for the bucket `pictures`. */
let running: RunningRoad

beforeEach(async () => {
  laptop = await openLaptop(YAML)
  const keyOf: RunningRoad['stores']['keyOf'] = ({ bucket, key }) => (bucket === 'pictures' ? key : undefined)
  running = { ...laptop, stores: { ...laptop.stores, keyOf } }
})
afterEach(() => removeLaptop(laptop))

const s3Event = (key: string, bucket = 'pictures') => ({ Records: [awsRecord(formEncoded(key), { bucket })] })

let messages = 0
const record = (body: unknown): SqsRecord =>
  ({
    messageId: `00000000-0000-4000-8000-${String(++messages).padStart(12, '0')}`,
    receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:thumbsmith',
  }) as SqsRecord

const failedOf = async (records: SqsRecord[], context = PLENTY) =>
  (await renderBatch(running, records, context)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)

describe('a batch', () => {
  it('renders keys with spaces, plus, percent and unicode', async () => {
    const keys = ['my photo.jpg', 'a+b.jpg', '100%20.jpg', 'Kätzchen 🐈.jpg', "o'(x)~!.jpg"].map(
      (name) => `uploads/${name}`,
    )
    for (const key of keys) await laptop.put(key, await photo())
    expect(await failedOf(keys.map((key) => record(s3Event(key))))).toEqual([])
    for (const key of keys) expect([key, stateOf(await laptop.manifest(key))]).toEqual([key, 'ready'])
  })

  it('hands back the one poisoned message of ten, and nothing of its siblings', async () => {
    const keys = Array.from({ length: 9 }, (_, i) => `uploads/${i}.jpg`)
    for (const key of keys) await laptop.put(key, await photo())
    const poison = record('{"not": "ours"}')
    const records = keys.map((key) => record(s3Event(key)))
    records.splice(4, 0, poison)
    expect(await failedOf(records)).toEqual([poison.messageId])
    for (const key of keys) expect(stateOf(await laptop.manifest(key))).toBe('ready')
  })

  it('takes a damaged picture, a duplicate, a missing key, a test event and a foreign bucket as done', async () => {
    await laptop.put('uploads/bad.jpg', Buffer.from('no picture'))
    await laptop.put('uploads/good.jpg', await photo())
    const records = [
      s3Event('uploads/bad.jpg'),
      s3Event('uploads/good.jpg'),
      s3Event('uploads/good.jpg'),
      s3Event('uploads/never-there.jpg'),
      s3Event('uploads/good.jpg', 'another-bucket'),
      { Service: 'Amazon S3', Event: 's3:TestEvent', Time: '2026-05-04T09:31:07.512Z', Bucket: 'pictures' },
    ].map(record)
    expect(await failedOf(records)).toEqual([])
    expect(stateOf(await laptop.manifest('uploads/bad.jpg'))).toBe('failed')
    const manifest = await laptop.manifest('uploads/good.jpg')
    expect([stateOf(manifest), manifest.rendered.times]).toEqual(['ready', 1])
  })

  it('takes our own jobs, also those that renew', async () => {
    await laptop.put('uploads/a.jpg', await photo())
    const job = record({ thumbsmith: { key: 'uploads/a.jpg', refresh: true } })
    expect(await failedOf([job])).toEqual([])
    expect(stateOf(await laptop.manifest('uploads/a.jpg'))).toBe('ready')
  })

  it('hands back every message of a key that must wait, and only those', async () => {
    for (const name of ['a', 'b']) await laptop.put(`uploads/${name}.jpg`, await photo())
    const { look } = running
    running.look = async (job) => {
      if (job.key === 'uploads/a.jpg') throw new ThumbsmithError('storage.unavailable')
      await look(job)
    }
    const records = ['a', 'b', 'a'].map((name) => record(s3Event(`uploads/${name}.jpg`)))
    expect(await failedOf(records)).toEqual([records[0]!.messageId, records[2]!.messageId])
    expect(stateOf(await laptop.manifest('uploads/b.jpg'))).toBe('ready')
  })

  it('answers in time with what is done, where one look does not end', async () => {
    await laptop.put('uploads/a.jpg', await photo())
    const { look } = running
    let looks = 0
    let isOneDone = false
    running.look = async (job) => {
      if (job.key === 'uploads/a.jpg') {
        await look(job)
        isOneDone = true
        return
      }
      looks++
      await new Promise(() => {})
    }
    const records = ['a', 'stuck'].map((name) => record(s3Event(`uploads/${name}.jpg`)))
    const ends = Date.now() + 28_000
    const context = { getRemainingTimeInMillis: () => ends - Date.now() }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const answer = failedOf(records, context)
      // A manifest is ready a moment before the look that made it so ends.
      await vi.waitFor(() => expect(isOneDone).toBe(true), 10_000)
      expect(stateOf(await laptop.manifest('uploads/a.jpg'))).toBe('ready')
      await vi.advanceTimersByTimeAsync(27_000)
      expect(await answer).toEqual([records[1]!.messageId])
    } finally {
      vi.useRealTimers()
    }
    expect(await failedOf([records[1]!])).toEqual([records[1]!.messageId])
    expect(looks).toBe(1)
  })

  it('waits for no notifier that does not answer', async () => {
    await laptop.put('uploads/a.jpg', await photo())
    running.told = () => new Promise(() => {})
    let remainingMs = 60_000
    const context = { getRemainingTimeInMillis: () => remainingMs }
    const { look } = running
    running.look = async (job) => {
      await look(job)
      remainingMs = 3_000
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const answer = failedOf([record(s3Event('uploads/a.jpg'))], context)
      // A manifest is ready a moment before the look that made it so ends.
      await vi.waitFor(() => expect(remainingMs).toBe(3_000), 10_000)
      expect(stateOf(await laptop.manifest('uploads/a.jpg'))).toBe('ready')
      await vi.advanceTimersByTimeAsync(58_000)
      expect(await answer).toEqual([])
    } finally {
      vi.useRealTimers()
    }
  })

  it('stops an original that something writes to in a loop, takes that as done, and tells of it', async () => {
    await removeLaptop(laptop)
    laptop = await openLaptop(`${YAML}limits: { rendersPerDay: 2 }\n`)
    running = { ...laptop, stores: { ...laptop.stores, keyOf: ({ key }) => key } }
    const states: string[] = []
    for (const size of [300, 301, 302, 303]) {
      await laptop.put('uploads/a.jpg', await photo({ width: size }))
      expect(await failedOf([record(s3Event('uploads/a.jpg'))])).toEqual([])
      states.push(stateOf(await laptop.manifest('uploads/a.jpg')))
    }
    expect(states).toEqual(['ready', 'ready', 'failed', 'failed'])
    const manifest = await laptop.manifest('uploads/a.jpg')
    expect(manifest.renditions.small?.error?.code ?? manifest.error?.code).toBe('rendition.too_often')
    expect(manifest.rendered.times).toBe(2)
  })

  it('begins nothing that it could not end', async () => {
    await laptop.put('uploads/a.jpg', await photo())
    const late = record(s3Event('uploads/a.jpg'))
    expect(await failedOf([late], { getRemainingTimeInMillis: () => 5_000 })).toEqual([late.messageId])
    expect(await laptop.keys('renditions')).toEqual([])
  })

  it('tries a key that ended its decoder again at once, and hands it back when that goes on', async () => {
    let looks = 0
    running.look = async () => {
      looks++
      throw new ThumbsmithError('decoder.died')
    }
    const lethal = record(s3Event('uploads/a.jpg'))
    expect(await failedOf([lethal])).toEqual([lethal.messageId])
    expect(looks).toBe(3)
  })
})
