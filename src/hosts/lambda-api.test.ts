// The API under API Gateway's events, as recorded: sign-in, a ticket, the host check and no live events.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { handler } from './lambda-api.ts'

const SECRET = 'a secret that is only used by this test'
const DOMAIN = 'abcdef1234.execute-api.eu-central-1.amazonaws.com'
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thumbsmith-api-'))
  await writeFile(
    join(folder, 'thumbsmith.yaml'),
    'presets: { small: { width: 64 } }\nrules: [{ name: u, prefix: uploads/, presets: [small], rendition: "{preset}/{subdir}/{name}.{ext}", ticket: "uploads/{owner}/{id}/{filename}", owner: "uploads/{owner}/" }]\n',
  )
  for (const [name, value] of Object.entries({
    THUMBSMITH_CONFIG: join(folder, 'thumbsmith.yaml'),
    THUMBSMITH_ORIGINALS: `file:${folder}/originals`,
    THUMBSMITH_RENDITIONS: `file:${folder}/renditions`,
    THUMBSMITH_QUEUE: 'sqs:http://127.0.0.1:1/jobs',
    THUMBSMITH_AUTH: 'jwt:?issuer=test&audience=thumbsmith',
    THUMBSMITH_AUTH_SECRET: SECRET,
    THUMBSMITH_PUBLIC_URL: 'https://pictures.example.com',
    THUMBSMITH_LOG_LEVEL: 'error',
    AWS_REGION: 'eu-central-1',
  }))
    vi.stubEnv(name, value)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const token = () =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('ada')
    .setIssuer('test')
    .setAudience('thumbsmith')
    .setExpirationTime('1h')
    .sign(Buffer.from(SECRET))

async function ask(
  method: string,
  path: string,
  { body, headers = {}, host = DOMAIN }: { body?: unknown; headers?: Record<string, string>; host?: string } = {},
) {
  const answer = (await handler({
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host, 'content-type': 'application/json', 'x-forwarded-proto': 'https', ...headers },
    body: body === undefined ? null : JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdef1234',
      domainName: DOMAIN,
      domainPrefix: 'abcdef1234',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.7', userAgent: 'curl/8' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: '$default',
      stage: '$default',
      time: '04/May/2026:09:31:07 +0000',
      timeEpoch: 1777887067512,
      authentication: null,
      authorizer: {},
    },
  } as unknown as Parameters<typeof handler>[0])) as { statusCode: number; body: string }
  return {
    status: answer.statusCode,
    json: answer.body.startsWith('{') ? (JSON.parse(answer.body) as Record<string, unknown>) : {},
  }
}

const UPLOAD = { filename: 'my photo.jpg', contentType: 'image/jpeg', bytes: 1000 }

it('asks who it is, and gives tickets to those who are signed in', async () => {
  expect((await ask('POST', '/v1/uploads', { body: UPLOAD })).status).toBe(401)
  const authorization = `Bearer ${await token()}`
  const { status, json } = await ask('POST', '/v1/uploads', { body: UPLOAD, headers: { authorization } })
  expect(status).toBe(201)
  expect(json).toMatchObject({ key: expect.stringMatching(/^uploads\/ada\/.+\.jpg$/), ticket: { method: 'POST' } })
})

it('answers under its own names only', async () => {
  const authorization = `Bearer ${await token()}`
  expect((await ask('GET', '/v1/originals', { headers: { authorization }, host: 'pictures.example.com' })).status).toBe(
    200,
  )
  expect(
    (await ask('GET', '/v1/originals', { headers: { authorization }, host: 'evil.example' })).status,
  ).toBeGreaterThan(399)
})

it('has no live events, so that pages poll', async () => {
  const { status } = await ask('GET', '/v1/events', { headers: { authorization: `Bearer ${await token()}` } })
  expect(status).toBe(404)
})
