// `npm run test:lambda-runtime`: both functions in AWS's own runtime client, against a Runtime API that speaks as Lambda does; compiling the client takes minutes, so no suite runs it.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { photo } from '../fixtures/pictures.ts'

const { values } = parseArgs({
  options: {
    /** The folder of zips that `npm run build:lambda` wrote; without it they are built. */
    functions: { type: 'string' },
    /** A folder with aws-lambda-ric in its node_modules; without it, it is compiled. */
    client: { type: 'string' },
  },
})
const CLIENT = 'aws-lambda-ric@4.0.2'
const ROOT = resolve(import.meta.dirname, '../..')
const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64'
const DOMAIN = 'abcdef1234.execute-api.eu-central-1.amazonaws.com'
const TIMEOUT_MS = 60_000

interface Answer {
  kind: 'response' | 'error'
  body: string
  ms: number
}

const say = (line: string) => process.stdout.write(`${line}\n`)
const folder = mkdtempSync(join(tmpdir(), 'thumbsmith-runtime-'))
try {
  const client = values.client ?? compileClient()
  const functions = values.functions ?? build()
  const originals = join(folder, 'originals/uploads')
  mkdirSync(originals, { recursive: true })
  writeFileSync(join(originals, 'a.jpg'), await photo())

  const messages = ['{"thumbsmith":{"key":"uploads/a.jpg"}}', 'poison'].map((body, i) => ({ messageId: `${i}`, body }))
  const render = await invoke(client, join(functions, `render-${ARCH}.zip`), 'dist/hosts/lambda-render.handler', [
    { Records: messages },
    { Records: messages },
    { neither: true },
    { source: 'aws.events' },
  ])
  expect('a batch', render[0], 'response', '{"batchItemFailures":[{"itemIdentifier":"1"}]}')
  expect('the same batch again', render[1], 'response', '{"batchItemFailures":[{"itemIdentifier":"1"}]}')
  expect('an event of nobody', render[2], 'error', 'neither a batch of SQS')
  expect('a schedule', render[3], 'response', 'null')

  const api = await invoke(client, join(functions, 'api.zip'), 'dist/hosts/lambda-api.handler', [
    request('/v1/originals'),
    request('/'),
  ])
  expect('a request without a token', api[0], 'response', '"statusCode":401')
  expect('the dashboard', api[1], 'response', '"statusCode":200')
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** cmake and a C++ compiler are needed. */
function compileClient(): string {
  const at = join(folder, 'client')
  mkdirSync(at)
  writeFileSync(join(at, 'package.json'), '{"private":true}')
  const began = performance.now()
  execFileSync('npm', ['install', CLIENT, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: at,
    stdio: ['ignore', 2, 2],
  })
  say(`${CLIENT} compiled in ${Math.round((performance.now() - began) / 1000)} s`)
  return at
}

function build(): string {
  const out = join(folder, 'zips')
  execFileSync(process.execPath, ['scripts/build-lambda.mjs', '--arch', ARCH, '--out', out], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  })
  return out
}

function request(path: string): object {
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: { host: DOMAIN },
    body: null,
    isBase64Encoded: false,
    requestContext: { domainName: DOMAIN, http: { method: 'GET', path, sourceIp: '192.0.2.7' } },
  }
}

/** Starts a function and gives it the events one by one. The first time counts from the start of the process. */
async function invoke(client: string, zip: string, handler: string, events: object[]): Promise<Answer[]> {
  const task = mkdtempSync(join(folder, 'task-'))
  execFileSync('unzip', ['-q', zip, '-d', task])
  const answers: Answer[] = []
  let since = performance.now()
  let asking: ServerResponse | undefined
  const deliver = () => {
    const event = events[answers.length]
    if (!asking || event === undefined) return
    asking.writeHead(200, {
      'content-type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': `request-${answers.length}`,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + TIMEOUT_MS),
      'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:eu-central-1:123456789012:function:thumbsmith',
      'Lambda-Runtime-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
    })
    asking.end(JSON.stringify(event))
    asking = undefined
  }
  let finish: (error?: Error) => void = () => {}
  const finished = new Promise<void>((resolve, reject) => {
    finish = (error) => (error ? reject(error) : resolve())
  })
  const server = createServer((asked, response) => {
    let body = ''
    asked.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    asked.on('end', () => {
      const [, kind] = /\/invocation\/[^/]+\/(response|error)$/.exec(asked.url ?? '') ?? []
      if (asked.url?.endsWith('/invocation/next')) {
        asking = response
        deliver()
        return
      }
      response.writeHead(202).end()
      if (kind === 'response' || kind === 'error') {
        answers.push({ kind, body, ms: performance.now() - since })
        since = performance.now()
        if (answers.length === events.length) finish()
      } else finish(new Error(`The function could not start: ${body}`))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const child = spawn(process.execPath, [join(client, 'node_modules/aws-lambda-ric/index.mjs')], {
    cwd: task,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH ?? '',
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: task,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'thumbsmith',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/thumbsmith',
      AWS_LAMBDA_LOG_STREAM_NAME: 'test',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      THUMBSMITH_ORIGINALS: `file:${folder}/originals`,
      THUMBSMITH_RENDITIONS: `file:${folder}/renditions`,
      THUMBSMITH_DECODERS: '1',
      ...(handler.includes('api') && {
        THUMBSMITH_QUEUE: 'sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/jobs',
        THUMBSMITH_AUTH: 'jwt:?issuer=test&audience=thumbsmith',
        THUMBSMITH_AUTH_SECRET: 'a secret that is only used by this test',
        THUMBSMITH_PUBLIC_URL: 'https://pictures.example.com',
      }),
    },
  })
  child.once('exit', (code, signal) => finish(new Error(`The runtime ended with ${code ?? signal}.`)))
  const timer = setTimeout(() => finish(new Error('No answer came in time.')), TIMEOUT_MS)
  try {
    await finished
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    server.closeAllConnections()
    server.close()
  }
  return answers
}

function expect(what: string, answer: Answer | undefined, kind: Answer['kind'], part: string): void {
  if (answer?.kind !== kind || !answer.body.includes(part))
    throw new Error(`${what}: ${kind} with ${part} was expected, and this came: ${JSON.stringify(answer)}`)
  say(`ok  ${what} (${Math.round(answer.ms)} ms)`)
}
