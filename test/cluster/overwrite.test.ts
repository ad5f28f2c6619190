// An original that is overwritten in the midst of its rendering, on a real S3 server, while another worker is told of it: the newest version wins, whole.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { ThumbsmithError } from '../../src/errors.ts'
import { openRoad, type RunningRoad } from '../../src/hosts/road.ts'
import { reconcile } from '../../src/reconcile.ts'
import type { Road } from '../../src/road.ts'
import { readManifest } from '../../src/state.ts'
import { readAll, type Storage } from '../../src/storage/storage.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'

/** At each point; `THUMBSMITH_OVERWRITES=300` is the long run. */
const TIMES = Number(process.env.THUMBSMITH_OVERWRITES || 300)
const AT_ONCE = 8
const JPEG = { contentType: 'image/jpeg' }
const YAML = `
presets: { small: { width: 16, height: 16 }, large: { width: 32, height: 32 } }
rules: [{ name: all, prefix: u/, presets: [small, large], rendition: "{dir}/{name}/{preset}.{format}" }]
`

let s3: TestS3
let running: RunningRoad
/** The old version lies, the new one stands: each rendition tells by its sides of which it was made. */
let old: Buffer
let newer: Buffer

beforeAll(async () => {
  s3 = await openTestS3()
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey })
  const [originals, renditions] = [await s3.newStore(), await s3.newStore()]
  const url = (bucket: string) => `s3://${bucket}?endpoint=${s3.endpoint}&pathStyle=true`
  const config = parseConfig(YAML, 'test.yaml', {
    THUMBSMITH_ORIGINALS: url(originals.bucket),
    THUMBSMITH_RENDITIONS: url(renditions.bucket),
  })
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  running = await openRoad(config, silent, { render: false })
  const jpeg = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#a33' } })
      .jpeg()
      .toBuffer()
  ;[old, newer] = [await jpeg(64, 32), await jpeg(32, 64)]
})
afterAll(async () => {
  await running?.close()
  await s3?.stop()
})

/** A worker of its own over the same stores, whose claims the others believe. */
const workerOf = (changes: Partial<Road> = {}): Road => ({
  ...running.road,
  instance: randomUUID(),
  isPresent: async () => true,
  ...changes,
})

type Point = (overwrite: () => Promise<void>) => Partial<Road>
const before = <A extends unknown[], R>(run: (...given: A) => Promise<R>, first: (...given: A) => Promise<void>) =>
  (async (...given: A) => {
    await first(...given)
    return run(...given)
  }) as (...given: A) => Promise<R>

const POINTS: Record<string, Point> = {
  'before its bytes are read': (overwrite) => {
    const { originals } = running.stores
    return { stores: { ...running.stores, originals: { ...originals, get: before(originals.get, overwrite) } } }
  },
  'between its first rendition and its second': (overwrite) => {
    const { renditions } = running.stores
    let puts = 0
    const put = before(renditions.put, async () => {
      if (puts++ === 1) await overwrite()
    })
    return { stores: { ...running.stores, renditions: { ...renditions, put } } }
  },
  'before its manifest is published': (overwrite) => {
    const { state } = running.road
    const put: Storage['put'] = before(state.put, async (_key, body) => {
      if (!('claim' in (JSON.parse(Buffer.from(body as Uint8Array).toString()) as object))) await overwrite()
    })
    return { state: { ...state, put } }
  },
}

/** As the queue does: again, while somebody else is at it. */
async function settle(road: Road, key: string): Promise<void> {
  for (;;) {
    try {
      await reconcile(road, { key })
      return
    } catch (error) {
      if ((error as ThumbsmithError).code !== 'storage.precondition_failed') throw error
      await sleep(10)
    }
  }
}

async function overwriteAt(point: Point, key: string): Promise<void> {
  const { originals, renditions } = running.stores
  await originals.put(key, old, JPEG)
  let told: Promise<void> | undefined
  const first = workerOf(
    point(async () => {
      if (told) return
      await originals.put(key, newer, JPEG)
      told = settle(workerOf(), key)
    }),
  )
  await settle(first, key)
  expect(told).toBeDefined()
  await told

  const head = await originals.head(key)
  const { manifest } = (await readManifest(running.road.state, key))!
  expect(manifest.original.etag).toBe(head!.etag)
  expect(manifest.claim).toBeUndefined()
  for (const { state, inputs, object } of Object.values(manifest.renditions)) {
    expect([state, inputs.etag]).toEqual(['ready', head!.etag])
    const body = await renditions.get(object!.key)
    expect(body!.head.etag).toBe(object!.etag)
    const { width, height } = await sharp(await readAll(body!.stream, 1_000_000)).metadata()
    expect(height).toBe(2 * width!)
  }
}

it.each(Object.entries(POINTS))('%s', async (_, point) => {
  let next = 0
  const name = randomUUID()
  const some = async () => {
    while (next < TIMES) await overwriteAt(point, `u/${name}/${next++}.jpg`)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, some))
})
