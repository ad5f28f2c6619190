// A server whose two stores are buckets: set up by the command, uploaded to by signed forms, told by the store's own events.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetBucketCorsCommand, PutBucketCorsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { type SetupOptions, setup } from '../../src/hosts/setup.ts'
import { idOfKey } from '../../src/original.ts'
import { listAll, type Storage } from '../../src/storage/storage.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Home, openHome, until } from '../hosts/harness.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'

const CONFIG = 'examples/youtube/thumbsmith.yaml'
const SITE = 'https://pictures.example.com'
const ODD_KEYS = [
  'my photo, 1+1 ü%20.jpg',
  '日本語/🦀.jpg',
  'a&b=c?d#e.jpg',
  "it's.jpg",
  '100%.jpg',
  'a+b.jpg',
  'a b.jpg',
]

let s3: TestS3
let originals: { bucket: string; storage: Storage }
let renditions: { bucket: string; storage: Storage }
let env: Record<string, string>
let home: Home

beforeAll(async () => {
  s3 = await openTestS3()
  originals = await s3.newStore()
  renditions = await s3.newStore()
  const url = (bucket: string) => `s3://${bucket}?endpoint=${s3.endpoint}&pathStyle=true`
  env = {
    THUMBSMITH_ORIGINALS: url(originals.bucket),
    THUMBSMITH_RENDITIONS: url(renditions.bucket),
    THUMBSMITH_EVENTS_SECRET: crypto.randomUUID(),
    THUMBSMITH_ALLOWED_ORIGINS: SITE,
    // No sweep after the first one: what is found later was told by an event.
    THUMBSMITH_SWEEP_SECONDS: '3600',
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey })
  home = await openHome({ config: CONFIG, env })
})
afterAll(async () => {
  await home?.close()
  await s3?.stop()
})

async function runSetup(options: SetupOptions, file = CONFIG): Promise<{ code: number; said: string }> {
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...settings } = env
  const said: string[] = []
  const config = readConfig({ ...settings, THUMBSMITH_CONFIG: file, PORT: new URL(home.url).port })
  const code = await setup(config, options, (line) => said.push(line))
  return { code, said: said.join('\n') }
}
const corsOf = async (bucket: string) =>
  (await s3.client.send(new GetBucketCorsCommand({ Bucket: bucket })).catch(() => undefined))?.CORSRules

describe('setup', () => {
  it('says first what it would do', async () => {
    const { code, said } = await runSetup({ dryRun: true, events: home.url })
    expect(code).toBe(0)
    expect(said.match(/would be/g)).toHaveLength(5)
    expect(said).toContain('"Filter":{"Prefix":"videos/"},"Expiration":{"Days":7}')
    expect(said).not.toContain(env.THUMBSMITH_EVENTS_SECRET)
    expect(await corsOf(originals.bucket)).toBeUndefined()
  })

  it('does it once', async () => {
    expect((await runSetup({ events: home.url })).said.match(/is now/g)).toHaveLength(5)
    const { code, said } = await runSetup({ events: home.url })
    expect([code, said.match(/as it should be/g)?.length]).toEqual([0, 5])
    const headers = { origin: SITE, 'access-control-request-method': 'POST' }
    const preflight = await fetch(`${s3.endpoint}/${originals.bucket}`, { method: 'OPTIONS', headers })
    expect(preflight.headers.get('access-control-allow-origin')).toBe(SITE)
  })

  it('leaves what others have set, until it is told otherwise', async () => {
    const { bucket } = renditions
    const theirs = { ID: 'theirs', AllowedOrigins: ['https://theirs.example'], AllowedMethods: ['GET'] }
    await s3.client.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [theirs] } }))
    const { code, said } = await runSetup({})
    expect([code, said.includes('theirs.example'), said.includes('left alone')]).toEqual([1, true, true])
    expect(await corsOf(bucket)).toMatchObject([{ ID: 'theirs' }])
    const replaced = await runSetup({ replace: true })
    expect([replaced.code, replaced.said.includes('theirs.example')]).toEqual([0, true])
    expect(await corsOf(bucket)).toMatchObject([{ ID: 'thumbsmith' }])
  })
})

describe('an upload', () => {
  it('goes straight to the bucket, is told by it, and is shown from it', async () => {
    const bytes = await photo({ width: 1600, height: 1200 })
    const started = performance.now()
    const upload = await home.upload(bytes, { title: 'From a bucket' })
    expect(new URL(upload.ticket.url).origin).toBe(s3.endpoint)
    const original = await home.settled(upload.id)
    console.info(`ready ${Math.round(performance.now() - started)} ms after the ticket was asked for`)
    expect(original).toMatchObject({ state: 'ready', title: 'From a bucket' })
    expect((await home.bytesOf(original, 'thumbnail')).length).toBeGreaterThan(1000)
    const page = await home.ask('GET', '/')
    expect(page.headers.get('content-security-policy')).toContain(`connect-src 'self' ${s3.endpoint}`)
  })

  it('of others, under any key, is told too', async () => {
    const bytes = await photo({ width: 320, height: 200 })
    for (const key of ODD_KEYS) await originals.storage.put(`videos/${key}`, bytes, { contentType: 'image/jpeg' })
    for (const key of ODD_KEYS)
      expect(await home.settled(idOfKey(`videos/${key}`))).toMatchObject({ state: 'ready', key: `videos/${key}` })
  })

  it('that is removed takes its renditions along', async () => {
    for (const key of ODD_KEYS) await originals.storage.delete(`videos/${key}`)
    await until('they are gone', async () => {
      const left: string[] = []
      for await (const { key } of listAll(renditions.storage, { prefix: 'thumbnails/' })) left.push(key)
      return left.length === 1 ? true : undefined
    })
  })

  it('that somebody only claims is not looked at', async () => {
    const event = {
      eventSource: 'ceph:s3',
      eventName: 's3:ObjectCreated:Put',
      s3: { bucket: { name: originals.bucket }, object: { key: 'videos/x.jpg' } },
    }
    const body = JSON.stringify({ Records: [event] })
    expect((await home.ask('POST', '/events/s3', { body })).status).toBe(403)
    expect((await home.ask('POST', '/events/s3?secret=guess', { body })).status).toBe(403)
  })

  // A "day" of the test server has ten seconds.
  it('that is past its time is removed by the bucket itself, and its renditions by the next sweep', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'thumbsmith-expiry-'))
    const file = join(folder, 'thumbsmith.yaml')
    await writeFile(file, (await readFile(CONFIG, 'utf8')).replace('expireAfterDays: 7', 'expireAfterDays: 1'))
    expect((await runSetup({ replace: true }, file)).said).toContain('"Expiration":{"Days":1}')
    await rm(folder, { recursive: true })
    const keysIn = async (storage: Storage, prefix: string) => {
      const keys: string[] = []
      for await (const { key } of listAll(storage, { prefix })) keys.push(key)
      return keys
    }
    expect(await keysIn(originals.storage, 'videos/')).toHaveLength(1)
    await vi.waitUntil(async () => !(await keysIn(originals.storage, 'videos/')).length, {
      timeout: 90_000,
      interval: 500,
    })
    await home.stop()
    await home.start()
    await until('its rendition is gone', async () =>
      (await keysIn(renditions.storage, 'thumbnails/')).length ? undefined : true,
    )
  })
})
