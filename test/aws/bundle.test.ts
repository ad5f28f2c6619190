// The functions as they are deployed: the zip files unpacked in a bare folder and called as Lambda calls them, on folders instead of S3.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { titleToMetadata } from '../../src/original.ts'
import { readManifest } from '../../src/state.ts'
import { fsStorage } from '../../src/storage/fs.ts'
import { photo } from '../fixtures/pictures.ts'
import { ARCH } from './build.ts'

const built = inject('functions')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thumbsmith-bundle-'))
  for (const name of ['api', `render-${ARCH}`]) {
    await mkdir(join(folder, name))
    execFileSync('unzip', ['-q', join(built, `${name}.zip`), '-d', join(folder, name)])
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Calls a function of an unpacked zip in a process of its own, and gives its answer back. */
function call(name: string, handler: string, event: unknown, env: Record<string, string> = {}): unknown {
  const program = `
    const { handler } = await import(${JSON.stringify(join(folder, name, 'dist/hosts', `${handler}.js`))})
    const answer = await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 60_000 })
    process.stdout.write(JSON.stringify(answer) ?? '', () => process.exit())`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(folder, name),
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH ?? '',
      THUMBSMITH_ORIGINALS: `file:${folder}/originals`,
      THUMBSMITH_RENDITIONS: `file:${folder}/renditions`,
      THUMBSMITH_DECODERS: '1',
      ...env,
    },
  })
  expect([status, stderr]).toEqual([0, expect.not.stringContaining('rror')])
  return stdout === '' ? undefined : JSON.parse(stdout)
}

it('are small enough to start fast, and the one of the API holds no decoder', async () => {
  const sizes = await Promise.all(
    ['api', 'render-x64', 'render-arm64'].map(async (name) => (await stat(join(built, `${name}.zip`))).size),
  )
  for (const size of sizes) expect(size).toBeLessThan(20_000_000)
  const inApi = await readdir(join(folder, 'api'), { recursive: true })
  expect(inApi.filter((name) => /sharp/.test(name))).toEqual([])
  const inArm = execFileSync('unzip', ['-l', join(built, 'render-arm64.zip')], { encoding: 'utf8' })
  expect(inArm).toContain('@img/sharp-linux-arm64/')
  expect(inArm).not.toMatch(/sharp-(libvips-)?linux-x64/)
})

it('render a picture with a title in four scripts and an emoji', async () => {
  const key = 'videos/00000000000000000000000001/my photo.jpg'
  const open = (name: 'originals' | 'renditions') =>
    fsStorage({ root: join(folder, name), name, secret: Buffer.alloc(32), onWarning: () => {} })
  const originals = await open('originals')
  const title = 'Ten เรื่อง नमस्ते 誰も 🦀'
  await originals.put(key, await photo(), { contentType: 'image/jpeg', metadata: titleToMetadata(title) })
  await originals.close?.()
  const messages = [
    { messageId: 'good', body: JSON.stringify({ thumbsmith: { key } }) },
    { messageId: 'poison', body: 'neither a job nor an event' },
  ]
  expect(call(`render-${ARCH}`, 'lambda-render', { Records: messages })).toEqual({
    batchItemFailures: [{ itemIdentifier: 'poison' }],
  })
  const renditions = await open('renditions')
  const manifest = (await readManifest(renditions, key))?.manifest
  await renditions.close?.()
  expect(manifest?.original.title).toBe(title)
  expect(manifest?.renditions).toMatchObject({
    thumbnail: { state: 'ready', object: { width: 1280, height: 720, format: 'jpeg' } },
  })
  expect(manifest?.renditions.thumbnail?.missingCharacters ?? []).toEqual([])
})

it('sweep when a schedule calls', () => {
  expect(
    call(`render-${ARCH}`, 'lambda-render', { source: 'aws.events', 'detail-type': 'Scheduled Event' }),
  ).toBeUndefined()
})

it('serve the API and the dashboard', () => {
  const domainName = 'abcdef1234.execute-api.eu-central-1.amazonaws.com'
  const event = (path: string) => ({
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: { host: domainName },
    body: null,
    isBase64Encoded: false,
    requestContext: { domainName, http: { method: 'GET', path, sourceIp: '192.0.2.7' } },
  })
  const env = {
    THUMBSMITH_QUEUE: 'sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/jobs',
    THUMBSMITH_AUTH: 'jwt:?issuer=test&audience=thumbsmith',
    THUMBSMITH_AUTH_SECRET: 'a secret that is only used by this test',
    THUMBSMITH_PUBLIC_URL: 'https://pictures.example.com',
    AWS_REGION: 'eu-central-1',
  }
  const ask = (path: string) => call('api', 'lambda-api', event(path), env) as { statusCode: number; body: string }
  expect(ask('/v1/originals').statusCode).toBe(401)
  expect(ask('/')).toMatchObject({ statusCode: 200, body: expect.stringContaining('<html') })
})
