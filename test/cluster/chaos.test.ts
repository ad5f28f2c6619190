// The cluster home under everything that goes wrong at once: workers killed, the engine restarted and emptied, events lost, doubled and
// out of order, and a store that refuses and hangs. THUMBSMITH_CHAOS_UPLOADS says how many uploads go through it.
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { setup } from '../../src/hosts/setup.ts'
import { byChance, type FaultProxy, openProxy } from '../faults/proxy.ts'
import { photo, random } from '../fixtures/pictures.ts'
import type { Home } from '../hosts/harness.ts'
import { type Asked, openLoopback } from '../servers/loopback.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'
import { openStand, type Stand } from './stand.ts'
import type { WorkerProcess } from './worker.ts'

const UPLOADS = Number(process.env.THUMBSMITH_CHAOS_UPLOADS || 100)
const WORKERS = 3
const KILL_EVERY_MS = 5_000
const STORE = { refused: 0.1, hung: 0.02 }
const EVENTS = { dropped: 0.05, doubled: 0.3, lateByMs: 2_000 }
const PATIENCE_MS = 20 * 60_000
/** How many pictures there are; uploads of one differ in a comment, so their renditions are the same to the byte. */
const PICTURES = 12
const [BYTES_MIN, BYTES_MAX] = [100_000, 8_000_000]

const CONFIG = (hook: string) => `
presets:
  large: { width: 1280, height: 720 }
  list: { width: 720, height: 720 }
  square: { width: 256, height: 256, fit: cover, position: attention }
rules:
  - name: uploads
    prefix: uploads/
    presets: [large, list, square]
    rendition: "{dir}/{name}.{ext}/{preset}.{format}"
    ticket: "uploads/{owner}/{id}/{filename}"
    notify: [hook]
notifiers: { hook: "${hook}#private" }
`

const chance = random(Number(process.env.THUMBSMITH_CHAOS_SEED || 1))
let s3: TestS3
let redis: RedisServer
let proxy: FaultProxy
let stand: Stand
let folder: string
const closing: (() => unknown)[] = []

/** Thanks for everything that it is told. */
async function listen(hear: (asked: Asked) => void): Promise<string> {
  const server = await openLoopback((asked) => {
    hear(asked)
    return { status: 204 }
  })
  closing.push(server.close)
  return server.url
}

/** Which notification ids came for each key. */
const told = new Map<string, Set<string>>()
/** How often the store said of each rendition that it was written; of a worker that was killed meanwhile nobody hears it. */
const written = new Map<string, number>()
const eventsSeen = { sent: 0, dropped: 0, doubled: 0 }
let home: Home

beforeAll(async () => {
  ;[s3, redis] = await Promise.all([openTestS3(), startRedis()])
  proxy = await openProxy(s3.endpoint)
  folder = await mkdtemp(join(tmpdir(), 'thumbsmith-chaos-'))
  const hook = await listen(({ request: { headers }, body }) => {
    const { key } = (JSON.parse(body) as { data: { key: string } }).data
    told.set(key, (told.get(key) ?? new Set()).add(String(headers['webhook-id'])))
  })
  const config = join(folder, 'thumbsmith.yaml')
  await writeFile(config, CONFIG(hook))
  const secret = crypto.randomUUID()
  const env = {
    THUMBSMITH_EVENTS_SECRET: secret,
    THUMBSMITH_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    THUMBSMITH_SWEEP_SECONDS: '5',
  }
  stand = await openStand({ s3, queue: redis.url, config, env, endpoint: proxy.endpoint })
  home = await stand.openServer()
  const relay = await listen(({ request, body }) => relayEvent(home, request.url ?? '', body))
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...settings } = stand.env
  Object.assign(process.env, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY })
  expect(await setup(parseConfig(CONFIG(hook), config, settings), { events: relay }, () => {})).toBe(0)
  proxy.onAnswer = ({ method, url = '' }, status) => {
    // Of the two ways to S3 one says in a query what it is that it asks for.
    const path = url.split('?')[0]!
    const isRendition = path.startsWith(`/${stand.renditions.bucket}/uploads/`)
    if (method === 'PUT' && status === 200 && isRendition) written.set(path, (written.get(path) ?? 0) + 1)
  }
})
afterAll(async () => {
  await stand?.close()
  for (const close of closing) close()
  proxy?.close()
  await redis?.close()
  await s3?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Between the store's events and the server: drops, doubles and shuffles them. */
function relayEvent({ url }: Home, path: string, body: string): void {
  eventsSeen.sent++
  if (chance() < EVENTS.dropped) {
    eventsSeen.dropped++
    return
  }
  const times = chance() < EVENTS.doubled ? 2 : 1
  eventsSeen.doubled += times - 1
  for (let i = 0; i < times; i++)
    void sleep(chance() * EVENTS.lateByMs).then(() => fetch(url + path, { method: 'POST', body }).catch(() => {}))
}

/** From small to large, evenly on a scale of powers. */
async function openPictures(): Promise<Buffer[]> {
  const bytesPerPixel = (await photo({ width: 1024, height: 768 })).length / (1024 * 768)
  const pictures: Buffer[] = []
  for (let i = 0; i < PICTURES; i++) {
    const pixels = (BYTES_MIN * (BYTES_MAX / BYTES_MIN) ** (i / (PICTURES - 1))) / bytesPerPixel
    const width = Math.round(Math.sqrt((pixels * 4) / 3))
    pictures.push(await photo({ width, height: Math.round((width * 3) / 4), seed: i + 1 }))
  }
  return pictures
}

/** The same picture as another file. */
function withComment(jpeg: Buffer, text: string): Buffer {
  const comment = Buffer.from(text)
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 0])
  head.writeUInt16BE(comment.length + 2, 4)
  return Buffer.concat([head, comment, jpeg.subarray(2)])
}

/** As a page does: again until the store says yes. */
async function upload(bytes: Buffer, filename: string): Promise<{ id: string; key: string }> {
  const ticket = await home.ticket({ filename, contentType: 'image/jpeg', bytes: bytes.length })
  for (;;) {
    const answer = await home.send(ticket, bytes, AbortSignal.timeout(5_000)).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return ticket
    await sleep(200)
  }
}

/** Runs `work` for 0..count-1, a few at a time. */
async function each(count: number, atOnce: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const some = async () => {
    for (let i = next++; i < count; i = next++) await work(i)
  }
  await Promise.all(Array.from({ length: atOnce }, some))
}

async function untilMany(what: string, count: () => number, enough: number): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; count() < enough; await sleep(100))
    if (Date.now() > end) throw new Error(`Only ${count()} of ${enough} ${what}.`)
}

it(`gets ${UPLOADS} uploads ready, whole, once and with one word each`, { timeout: 2 * PATIENCE_MS }, async () => {
  const pictures = await openPictures()
  const begun = performance.now()
  const workers: WorkerProcess[] = await Promise.all(Array.from({ length: WORKERS }, () => stand.openWorker()))
  const uploads: { id: string; key: string; picture: number }[] = []
  let faulty = true
  let kills = 0
  proxy.fault.before = byChance(STORE, chance)

  const uploading = each(UPLOADS, 4, async (i) => {
    const picture = i % PICTURES
    const { id, key } = await upload(withComment(pictures[picture]!, `upload ${i}`), `${i}.jpg`)
    uploads.push({ id, key, picture })
  })

  const killing = (async () => {
    while (faulty) {
      await sleep(KILL_EVERY_MS)
      if (!faulty) return
      const which = Math.floor(chance() * WORKERS)
      await workers[which]!.kill()
      kills++
      workers[which] = await stand.openWorker().catch(() => stand.openWorker())
    }
  })()

  const known = new Map<string, string>()
  let looked = 0
  let over = false
  const reading = (async () => {
    for (; !over; await sleep(50)) {
      const one = uploads[Math.floor(chance() * uploads.length)]
      const original = one && (await home.read(one.id).catch(() => undefined))
      for (const { preset, url, bytes } of original?.renditions ?? []) {
        if (url === undefined) continue
        const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
        if (!answer?.ok) continue
        const body = Buffer.from(await answer.arrayBuffer())
        expect(body.length).toBe(bytes)
        await sharp(body, { failOn: 'warning' }).raw().toBuffer()
        const hash = createHash('sha256').update(body).digest('hex')
        const name = `${one!.picture} ${preset}`
        expect(known.get(name) ?? hash).toBe(hash)
        known.set(name, hash)
        looked++
      }
    }
  })()

  const ready = () => told.size
  const faulting = (async () => {
    await untilMany('are ready', ready, UPLOADS / 4)
    await redis.stop()
    await sleep(1000)
    await redis.start()
    await untilMany('are ready', ready, UPLOADS / 2)
    await redis.flush()
    await untilMany('are ready', ready, (UPLOADS * 3) / 4)
    faulty = false
  })()
  await Promise.all([uploading, faulting, killing])
  proxy.fault.before = undefined
  const calm = performance.now()
  const readyUnderFaults = ready()
  await untilMany('are ready', ready, UPLOADS)
  const settled = performance.now()
  over = true
  await reading

  const twice = [...written.values()].reduce((sum, times) => sum + times - 1, 0)
  const report = {
    uploads: UPLOADS,
    kills,
    events: eventsSeen,
    readyUnderFaults,
    secondsUnderFaults: Math.round((calm - begun) / 1000),
    settledSecondsAfterLastFault: Number(((settled - calm) / 1000).toFixed(1)),
    requestsToStore: proxy.seen.length,
    readWhole: looked,
    renderedTwice: `${twice} of ${UPLOADS * 3} renditions`,
  }
  process.stdout.write(`chaos: ${JSON.stringify(report)}\n`)

  expect(uploads).toHaveLength(UPLOADS)
  await each(uploads.length, 8, async (i) => {
    const { id, key } = uploads[i]!
    expect(await home.read(id)).toMatchObject({ key, state: 'ready', renditions: [{}, {}, {}] })
    expect(told.get(key)?.size).toBe(1)
  })
  expect(told.size).toBe(UPLOADS)
  expect(await stand.renditions.storage.list({ prefix: 'uploads/', limit: UPLOADS * 4 })).toHaveLength(UPLOADS * 3)
  expect(twice / (UPLOADS * 3)).toBeLessThanOrEqual(0.05)
  expect(looked).toBeGreaterThan(UPLOADS / 4)
})
