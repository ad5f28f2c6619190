// Keys that have broken others, over the whole road of a cluster: uploaded, told of as AWS and as Ceph write keys, rendered, listed, downloaded, deleted.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OriginalList, OriginalView } from '../../src/http/schemas.ts'
import { idOfKey } from '../../src/original.ts'
import { ODD_KEYS, TWINS } from '../../src/storage/contract-odd-keys.ts'
import { listAll } from '../../src/storage/storage.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Home, until } from '../hosts/harness.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'
import { openStand, type Stand } from './stand.ts'

// A rendition's key is no longer than its original's, for the longest key that a store takes leaves no room; those without a name get one.
const YAML = `
presets: { tiny: { width: 8, format: same } }
rules:
  - { name: dots, match: "{..,...}", presets: [tiny], rendition: "dots/{name}/{preset}" }
  - { name: nameless, match: "{?,??,???,/}", presets: [tiny], rendition: "nameless/{dir}/{name}.{ext}/{preset}" }
  - { name: all, match: "**", presets: [tiny], rendition: "{dir}/{name}.{ext}" }
limits: { sweepRemovesAtMost: 1 }
`
const KEYS = [...new Set([...Object.values(ODD_KEYS), ...TWINS].flat())]

let s3: TestS3
let redis: RedisServer
let stand: Stand
let folder: string
let home: Home
const secret = crypto.randomUUID()

beforeAll(async () => {
  ;[s3, redis] = await Promise.all([openTestS3(), startRedis()])
  folder = await mkdtemp(join(tmpdir(), 'thumbsmith-keys-'))
  const config = join(folder, 'thumbsmith.yaml')
  await writeFile(config, YAML)
  // No sweep but the first: what is found was told.
  const env = { THUMBSMITH_EVENTS_SECRET: secret, THUMBSMITH_SWEEP_SECONDS: '3600' }
  stand = await openStand({ s3, queue: redis.url, config, env })
  ;[home] = await Promise.all([stand.openServer(), stand.openWorker()])
})
afterAll(async () => {
  await stand?.close()
  await redis?.close()
  await s3?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** How each kind of server writes a key into its events. */
const ENCODINGS: Record<string, { eventSource: string; encode: (key: string) => string }> = {
  'as forms do, by AWS': {
    eventSource: 'aws:s3',
    encode: (key) => new URLSearchParams([['', key]]).toString().slice(1),
  },
  'not at all, by Ceph': { eventSource: 'ceph:s3', encode: (key) => key },
}

async function each(work: (key: string, i: number) => Promise<void>): Promise<void> {
  let next = 0
  const some = async () => {
    for (let i = next++; i < KEYS.length; i = next++) await work(KEYS[i]!, i)
  }
  await Promise.all(Array.from({ length: 6 }, some))
}

async function list(): Promise<OriginalView[]> {
  const all: OriginalView[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page = (await (
      await home.ask('GET', `/v1/originals?limit=50${cursor && `&cursor=${cursor}`}`)
    ).json()) as OriginalList
    all.push(...page.originals)
    cursor = page.next
  }
  return all
}

/** A browser cannot: it takes the segments `.` and `..` of a path out before it asks. */
function download(link: string): Promise<Buffer> {
  const [, hostname, port, path] = /^http:\/\/([^:/]+):(\d+)(.*)$/.exec(link)!
  return new Promise((resolve, reject) => {
    get({ hostname, port, path }, (answer) => {
      if (answer.statusCode === 200) buffer(answer).then(resolve, reject)
      else reject(new Error(`${link}: ${answer.statusCode}`))
    }).on('error', reject)
  })
}

describe.each(Object.entries(ENCODINGS))(`${KEYS.length} odd keys, written %s`, (_, { eventSource, encode }) => {
  const tell = async (eventName: string, ...keys: string[]) => {
    const Records = keys.map((key) => ({
      eventVersion: '2.2',
      eventSource,
      eventName,
      s3: { bucket: { name: stand.originals.bucket }, object: { key: encode(key) } },
    }))
    const body = JSON.stringify({ Records })
    expect((await home.ask('POST', `/events/s3?secret=${secret}`, { body })).status).toBe(204)
  }

  it('are uploaded, told of, rendered, shown and listed', async () => {
    await each(async (key, i) => {
      await stand.originals.storage.put(key, await photo({ width: 20 + i, height: 40, seed: i }), {
        contentType: 'image/jpeg',
      })
      await tell('ObjectCreated:Put', key)
    })
    await each(async (key, i) => {
      const original = await until(`${JSON.stringify(key)} is ready`, async () => {
        const view = (await (await home.ask('GET', `/v1/originals/${idOfKey(key)}`)).json()) as OriginalView
        if (view.state === 'failed') throw new Error(`${JSON.stringify(key)}: ${JSON.stringify(view)}`)
        return view.state === 'ready' ? view : undefined
      })
      expect([original.key, original.facts?.width]).toEqual([key, 20 + i])
      const { width } = await sharp(await download(original.renditions[0]!.url!)).metadata()
      expect(width).toBe(original.renditions[0]!.width)
    })
    expect((await list()).map(({ key }) => key).sort()).toEqual(KEYS.toSorted())
  })

  it('are deleted, and their renditions with them', async () => {
    const byStore = KEYS.filter((_, i) => i % 2)
    await each(async (key, i) => {
      if (i % 2) await stand.originals.storage.delete(key)
      else expect((await home.ask('DELETE', `/v1/originals/${idOfKey(key)}`)).status).toBe(204)
    })
    await tell('ObjectRemoved:Delete', ...byStore)
    await until('all renditions are gone', async () => {
      const left: string[] = []
      for await (const { key } of listAll(stand.renditions.storage))
        if (!key.startsWith('.thumbsmith/sentinel')) left.push(key)
      return left.some((key) => !key.startsWith('.thumbsmith/') || key.includes('/manifests/')) ? undefined : true
    })
    expect(await list()).toEqual([])
  })
})
