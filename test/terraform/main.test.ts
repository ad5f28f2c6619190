// infra/main.tf without AWS: it says nothing that Terraform's provider does not know, allows no more than is written here, and fits the code.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { openAuth } from '../../src/hosts/open.ts'
import { type Rule, renditionKey, ticketKey } from '../../src/rule.ts'
import { VARIABLES } from '../../src/settings.ts'
import type { Value } from './expression.ts'
import { faultsOf, promised } from './provider.ts'
import { type Creation, createAll, type Main, readMain, readVariables } from './read.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const TEXT = readFileSync(join(ROOT, 'infra/main.tf'), 'utf8')
const EXAMPLES: Record<string, string> = {
  youtube: 'thumbsmith.yaml',
  'list-view': 'thumbsmith.yaml',
  'same-bucket': 'thumbsmith.yaml',
  'multi-size-email': 'aws.yaml',
}
const SECRET = 'a secret of fifty letters for those who sign tokens'

type Values = Record<string, Value>
let functions: string
let main: Main
let plain: Plan

interface Plan {
  creations: Creation[]
  outputs: Values
  /** The one resource at this address. */
  at(address: string): Values
  /** All of a type. */
  all(type: string): Creation[]
}

async function plan(inputs: Values = {}, from: Main = main): Promise<Plan> {
  const looked: Record<string, Values> = {
    'data.aws_caller_identity': { account_id: '123456789012' },
    'data.aws_partition': { partition: 'aws' },
    random_password: { result: SECRET },
  }
  const faults: string[] = []
  const all = { name: 'pictures', region: 'eu-central-1', functions, ...inputs }
  const { creations, outputs } = await createAll(from, all, async (creation) => {
    faults.push(...faultsOf(creation))
    return { ...promised(creation), ...looked[creation.type] }
  })
  if (faults.length) throw new Error(faults.join('\n'))
  return {
    creations,
    outputs,
    at: (address) => creations.find((creation) => creation.address === address)!.values,
    all: (type) => creations.filter((creation) => creation.type === type),
  }
}

const variablesOf = (example: string) =>
  readVariables(readFileSync(join(ROOT, 'examples', example, 'aws.tfvars'), 'utf8'))
const EVERYTHING: Values = {
  sites: ['https://shop.example.com'],
  public_renditions: ['thumbnails/*'],
  domain: 'pictures.example.com',
  certificate_arn: 'arn:aws:acm:us-east-1:123456789012:certificate/1',
  jwt: { issuer: 'https://id.example.com', audience: 'pictures', jwks: 'https://id.example.com/keys?a=b&c=d' },
  gateway_authorizer: true,
  emails: ['me@example.com'],
  alarm_emails: ['me@example.com'],
  expire_originals: { 'uploads/': 7 },
  rendition_keys_in_originals: ['small/*'],
}

beforeAll(async () => {
  functions = mkdtempSync(join(tmpdir(), 'thumbsmith-functions-'))
  for (const name of ['api', 'render-x64', 'render-arm64']) writeFileSync(join(functions, `${name}.zip`), name)
  main = await readMain(TEXT)
  plain = await plan()
})
afterAll(() => rmSync(functions, { recursive: true, force: true }))

describe('what is written', () => {
  it('is known to the provider, by itself, with every option, and for each example', async () => {
    expect(plain.creations.length).toBeGreaterThan(45)
    await plan({ ...EVERYTHING, architecture: 'x86_64' })
    await plan({ originals_bucket: 'mine', renditions_bucket: 'mine-too' })
    for (const example of Object.keys(EXAMPLES)) await plan(await variablesOf(example))
    // Every resource was among them at least once.
    const { creations } = await plan(EVERYTHING)
    const seen = new Set(creations.map(({ address }) => address.replace(/\[.*/, '')))
    expect(main.blocks.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual(['random_password.jwt'])
  })

  it('uses every variable and every local value', () => {
    const unused = [
      ...Object.keys(main.variables).map((name) => `var.${name}`),
      ...Object.keys(main.locals).map((name) => `local.${name}`),
    ].filter((name) => !new RegExp(`\\b${name.replace('.', '\\.')}\\b`).test(TEXT.replace(/^variable.*$/gm, '')))
    expect(unused).toEqual([])
  })

  it.each([
    ['a reference that leads nowhere', 'aws_sqs_queue.dead.arn', 'aws_sqs_queue.death.arn', /aws_sqs_queue.death/],
    ['an attribute that nothing gives', 'aws_sqs_queue.dead.arn', 'aws_sqs_queue.dead.arm', /there is no arm/],
    ['an argument that nobody takes', 'batch_size ', 'batch_sise ', /there is no batch_sise/],
    ['an argument of another type', '= "AES256"', '= ["AES256"]', /sse_algorithm is no string/],
    ['what must be there', /sse_algorithm += .*/, '', /sse_algorithm is missing/],
  ])('would be found out: %s', async (_, from, to, message) => {
    const check = async () => plan({}, await readMain(TEXT.replace(from, to)))
    await expect(check()).rejects.toThrow(message)
  })

  it.each([
    ['a name that buckets cannot have', { name: 'My_Pictures' }],
    ['expiry of a whole bucket, where the state lies too', { expire_originals: { '': 7 } }],
    ['expiry of the state', { expire_renditions: { '.thumbsmith/': 7 } }],
    ['a gateway that checks tokens of nobody', { gateway_authorizer: true }],
    ['a policy for a bucket that is not ours', { public_renditions: ['a/*'], renditions_bucket: 'mine' }],
    ['a variable that is none', { nmae: 'pictures' }],
  ])('refuses %s', async (_, inputs) => {
    await expect(plan(inputs)).rejects.toThrow(/[.e]$/)
  })
})

/** Where a policy may say `*`, and why. */
const REASONS: [action: RegExp, resource: RegExp, why: string][] = [
  [/^s3:GetObject$/, /\/\*$/, 'any original may be looked at, and any rendition compared'],
  [/^s3:(Put|Delete)Object$|^s3:Abort/, /\/\.thumbsmith\/\*$/, 'the state of every original, and the sentinel'],
  [/^s3:(Put|Delete|Get)Object$|^s3:Abort/, /\/[a-z0-9]+\/\*$/, 'a folder that a variable names'],
  [/^s3:(Put|Delete)Object$|^s3:Abort/, /\/resources\/medias\/\*\/(org|w720)\.\*$/, 'the files of list-view'],
  [/^logs:(CreateLogStream|PutLogEvents)$/, /\.arn:\*$/, 'the streams of one log group'],
]

interface Statement {
  Effect: string
  Action: string[]
  Resource: string[]
}
const statementsOf = ({ creations }: Plan): Statement[] =>
  creations.flatMap(({ type, values }) =>
    /policy$/.test(type) && typeof values.policy === 'string'
      ? (JSON.parse(values.policy) as { Statement: Statement[] }).Statement
      : [],
  )

describe('what is allowed', () => {
  it('is named, and where it is not, there is a reason', async () => {
    const plans = [plain, await plan(EVERYTHING)]
    for (const example of Object.keys(EXAMPLES)) plans.push(await plan(await variablesOf(example)))
    const statements = plans.flatMap(statementsOf)
    expect(statements.length).toBeGreaterThan(80)
    for (const { Effect, Action, Resource } of statements) {
      expect(Effect).toBe('Allow')
      expect(Resource.length).toBeGreaterThan(0)
      for (const action of Action) {
        expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/)
        for (const resource of Resource)
          if (resource.includes('*'))
            expect([action, resource, REASONS.some(([a, r]) => a.test(action) && r.test(resource))]).toEqual([
              action,
              resource,
              true,
            ])
      }
    }
  })

  it('removes nothing but what lies under the keys that were named', async () => {
    const removing = statementsOf(plain).filter(({ Action }) => Action.some((action) => /Delete/.test(action)))
    const resources = removing.flatMap(({ Action, Resource }) =>
      Action.includes('sqs:DeleteMessage') ? [] : Resource.map((resource) => resource.replace(/^.*\.id\//, '')),
    )
    expect([...new Set(resources)].sort()).toEqual(['.thumbsmith/*', 'uploads/*'])
  })

  it('is for one distribution, one bucket or one rule, where a service is let in', async () => {
    const full = await plan(EVERYTHING)
    const permissions = full.all('aws_lambda_permission').map(({ values }) => [values.principal, values.source_arn])
    expect(permissions).toEqual([
      ['events.amazonaws.com', 'aws_cloudwatch_event_rule.sweep.arn'],
      ['apigateway.amazonaws.com', 'aws_apigatewayv2_api.api.execution_arn/*'],
    ])
    for (const type of ['aws_sqs_queue_policy', 'aws_s3_bucket_policy'])
      for (const { values } of full.all(type)) expect(values.policy).toMatch(/"Condition":\{.*"aws:SourceArn":/)
  })
})

describe('buckets', () => {
  it('are private, encrypted, versioned and swept, and open to uploads from the site alone', () => {
    for (const store of ['originals', 'renditions']) {
      const of = (type: string) => plain.at(`aws_s3_bucket_${type}.own["${store}"]`)
      const { bucket: _, ...blocked } = of('public_access_block')
      expect(Object.values(blocked)).toEqual([true, true, true, true])
      expect(JSON.stringify(of('server_side_encryption_configuration'))).toContain('AES256')
      expect(of('versioning').versioning_configuration).toEqual([{ status: 'Enabled' }])
      const rules = of('lifecycle_configuration').rule as Values[]
      expect(rules.flatMap((rule) => rule.abort_incomplete_multipart_upload ?? [])).toEqual([
        { days_after_initiation: 2 },
      ])
      // Nothing that is current expires unless somebody says so.
      expect(rules.flatMap((rule) => (rule.expiration ?? []) as Values[]).some(({ days }) => days)).toBe(false)
      const [cors] = of('cors_configuration').cors_rule as Values[]
      expect(cors!.allowed_origins).toEqual([plain.outputs.site_url])
    }
  })

  it('that were there before are left as they are', async () => {
    const { creations, outputs, at } = await plan({ originals_bucket: 'mine', renditions_bucket: 'mine-too' })
    expect(creations.filter(({ type }) => type.startsWith('aws_s3_'))).toEqual([])
    expect(outputs.existing_buckets).toMatch(
      /s3:\/\/mine .*s3:\/\/mine-too .*thumbsmith setup --dry-run --events aws_sqs/,
    )
    expect(at('aws_sqs_queue_policy.jobs').policy).toContain('"aws:SourceArn":"arn:aws:s3:::mine"')
  })

  it('expire what the example says', async () => {
    const { at } = await plan(await variablesOf('youtube'))
    const rules = at('aws_s3_bucket_lifecycle_configuration.own["originals"]').rule as Values[]
    expect(rules.at(-1)).toMatchObject({ filter: [{ prefix: 'videos/' }], expiration: [{ days: 7 }] })
  })
})

describe('queues', () => {
  it('give a message time for six tries of the function, and set it aside after a few', () => {
    const seconds = plain.at('aws_lambda_function.render').timeout as number
    for (const name of ['jobs', 'backfill']) {
      const queue = plain.at(`aws_sqs_queue.${name}`)
      expect(queue.visibility_timeout_seconds).toBeGreaterThanOrEqual(6 * seconds)
      expect(JSON.parse(queue.redrive_policy as string)).toEqual({
        deadLetterTargetArn: 'aws_sqs_queue.dead.arn',
        maxReceiveCount: 5,
      })
      const mapping = plain.at(`aws_lambda_event_source_mapping.${name}`)
      expect(mapping.function_response_types).toEqual(['ReportBatchItemFailures'])
    }
  })

  it('and everything else is watched', () => {
    const watched = plain.all('aws_cloudwatch_metric_alarm').map(({ values }) => values.metric_name)
    expect([...new Set(watched)].sort()).toEqual([
      'ApproximateAgeOfOldestMessage',
      'ApproximateNumberOfMessagesVisible',
      'Errors',
      'Invocations',
    ])
    expect(watched.filter((name) => name === 'Errors')).toHaveLength(plain.all('aws_lambda_function').length)
    for (const { values } of plain.all('aws_cloudwatch_log_group')) expect(values.retention_in_days).toBe(30)
  })
})

/** What a function has no use for, and why. */
const NOT_ON_LAMBDA: Record<string, string> = {
  THUMBSMITH_CONFIG: 'the zip holds thumbsmith.yaml where it is looked for',
  THUMBSMITH_SECRET: 'signs for folders only',
  THUMBSMITH_EVENTS_SECRET: 'events come through the queue',
  THUMBSMITH_EVENTS_TOPICS: 'events come through the queue',
  THUMBSMITH_EVENTS_QUEUE: 'events come through the queue of jobs',
  THUMBSMITH_SWEEP_SECONDS: 'a schedule sweeps',
  HOST: 'API Gateway listens',
  PORT: 'API Gateway listens',
}

describe('the settings of the functions', () => {
  const settingsOf = ({ at }: Plan, name: string): Record<string, string> =>
    (at(`aws_lambda_function.${name}`).environment as { variables: Record<string, string> }[])[0]!.variables

  it('are all those that the code reads there, and no others', async () => {
    const all = ['api', 'render'].flatMap((name) => Object.keys(settingsOf(plain, name)))
    expect([...new Set([...all, ...Object.keys(NOT_ON_LAMBDA)])].sort()).toEqual(Object.keys(VARIABLES).sort())
    expect(all.filter((name) => Object.hasOwn(NOT_ON_LAMBDA, name))).toEqual([])
  })

  it('are taken by the code', async () => {
    const yaml = readFileSync(join(ROOT, 'thumbsmith.yaml'), 'utf8')
    for (const from of [plain, await plan(EVERYTHING)]) {
      // As they look once the names of hosts and buckets are known.
      const known = (name: string) =>
        Object.fromEntries(
          Object.entries(settingsOf(from, name)).map(([key, value]) => [
            key,
            value
              .replace('aws_cloudfront_distribution.site.domain_name', 'd1.cloudfront.net')
              .replace(/aws_s3_bucket\.own\["(\w+)"\]\.id/, '$1'),
          ]),
        )
      const api = parseConfig(yaml, 'thumbsmith.yaml', { ...known('api'), HOST: '0.0.0.0' })
      expect((await openAuth(api)).name).toBe('jwt')
      expect(new URLSearchParams(api.auth.slice('jwt:'.length)).get('operator')).toBe('role=operator')
      expect(parseConfig(yaml, 'thumbsmith.yaml', known('render')).decoders).toBe(1)
    }
  })
})

describe.each(Object.entries(EXAMPLES))('the example %s', (example, file) => {
  // As IAM matches: a star stands for anything, slashes too.
  const like = (pattern: string, key: string) =>
    new RegExp(`^${pattern.replace(/[.]/g, '\\.').replaceAll('*', '.*')}$`).test(key)

  it('may write where its rules lead, and is told of what they match', async () => {
    const inputs = await variablesOf(example)
    const yaml = readFileSync(join(ROOT, 'examples', example, file), 'utf8')
    const { rules, presets } = parseConfig(yaml, file, {
      THUMBSMITH_SNS_TOPIC: 'arn:aws:sns:eu-central-1:123456789012:told',
    })
    const list = (name: string) => (inputs[name] ?? []) as string[]
    for (const rule of rules as (Rule & { ticket: string })[]) {
      const key = ticketKey(rule, { owner: 'ann', id: '0123456789', filename: 'a b.jpg' })
      expect(list('original_keys').some((pattern) => like(pattern, key))).toBe(true)
      const events = inputs.events as { prefix: string; suffix: string }[]
      expect(events.filter(({ prefix, suffix }) => key.startsWith(prefix) && key.endsWith(suffix))).toHaveLength(1)
      for (const preset of rule.presets) {
        expect(presets).toHaveProperty(preset)
        const places = rule.to === 'originals' ? 'rendition_keys_in_originals' : 'rendition_keys'
        const made = renditionKey(rule, key, preset, 'jpeg')
        expect(list(places).some((pattern) => like(pattern, made))).toBe(true)
      }
    }
  })
})
