// The configuration: environment + thumbsmith.yaml -> one frozen Config. Every variable once; an error names the setting and the mend.
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { ThumbsmithError } from './errors.ts'
import { type Preset, presetNameOf, presetNameSchema, presetSchema, renditionsOf } from './preset.ts'
import { compileRule, type Rule, ruleConflicts, ruleSchema } from './rule.ts'
import { parseYaml, type YamlFile } from './yaml.ts'

const limitsSchema = z
  .strictObject({
    uploadMaxBytes: z.int().min(1).max(5_000_000_000).default(50_000_000).describe('Largest original, in bytes.'),
    ticketSeconds: z.int().min(10).max(604_800).default(900).describe('How long an upload ticket is good.'),
    linkSeconds: z.int().min(10).max(604_800).default(900).describe('How long a signed download link is good.'),
    rendersPerDay: z
      .int()
      .min(1)
      .default(200)
      .describe('An original rendered more often than this in a day is stopped: something writes to it in a loop.'),
    sweepRemovesAtMost: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe('A sweep that would remove the renditions of more than this share of all originals stops instead.'),
    tiff: z.boolean().default(false).describe('Accept TIFF originals.'),
  })
  .prefault({})

export const fileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    presets: z.record(presetNameSchema, presetSchema).describe('How an image should look, by name.'),
    rules: z
      .array(ruleSchema)
      .min(1)
      .describe('Which originals get which presets; the first rule that matches a key takes it.'),
    fonts: z
      .record(z.string().min(1), z.string().min(1))
      .default({})
      .describe('Fonts for titles, by name: TTF, OTF or WOFF2 files of at most 3 MB, beside this file.'),
    notifiers: z
      .record(z.string(), z.string())
      .default({ log: 'log:' })
      .describe(
        'Where notifications go, by name: `log:`, `sns:arn:aws:sns:…` or `https://…` (a signed webhook; `#private` at its end allows a network of your own). `sns:` alone is THUMBSMITH_SNS_TOPIC.',
      ),
    limits: limitsSchema,
  })
  .describe('thumbsmith: presets and rules.')

/** Every environment variable, with its default and what it says. The README's table is checked against this. */
export const VARIABLES = {
  THUMBSMITH_CONFIG: ['thumbsmith.yaml', 'The file with presets and rules.'],
  THUMBSMITH_ORIGINALS: [
    'file:./data/originals',
    'Where originals are kept: a folder, or a bucket `s3://name/prefix` with `?endpoint=…&region=…&pathStyle=true&checksums=when-required&ticket=put` as far as its server needs it. Credentials come from where the AWS SDK finds them.',
  ],
  THUMBSMITH_RENDITIONS: [
    'file:./data/renditions',
    'Where renditions are kept (the same kinds of place), and the state of every original (under `.thumbsmith/`).',
  ],
  THUMBSMITH_QUEUE: [
    'memory:',
    'How work travels: within the process, or `redis://…` or `postgres://…` to workers (`?name=…` where several systems share one), or `sqs:` and the URL of a queue (after a comma, of another for backfill) to Lambda.',
  ],
  THUMBSMITH_AUTH: [
    'none',
    '`none`: everybody is the operator, for one person on one machine. `jwt:` with `?issuer=…&audience=…` (and `&jwks=…`): signed-in people, each sees only their own; `&operator=claim=value` names who sees everything.',
  ],
  THUMBSMITH_AUTH_SECRET: [
    '',
    'With `jwt:` and no `jwks`: the shared HS256 secret that the tokens are signed with, at least 32 bytes.',
  ],
  THUMBSMITH_SECRET: [
    '',
    'Signs tickets and links of `file:` stores, at least 32 bytes; made at first start and kept beside the originals if it is not set.',
  ],
  THUMBSMITH_EVENTS_SECRET: [
    '',
    'Lets a store tell of new objects at `POST /events/s3?secret=…`, at least 32 bytes. Without it, the sweep finds them.',
  ],
  THUMBSMITH_EVENTS_TOPICS: [
    '',
    'The SNS topics, as whole ARNs separated by commas, whose signed messages are taken at `POST /events/s3`.',
  ],
  THUMBSMITH_EVENTS_QUEUE: [
    '',
    'An SQS queue in which a bucket tells of its objects, as `sqs:` and its URL: servers take its messages.',
  ],
  THUMBSMITH_SNS_TOPIC: ['', 'The whole ARN of the SNS topic that a notifier `sns:` publishes to.'],
  THUMBSMITH_WEBHOOK_SECRET: [
    '',
    'Signs what webhook notifiers send, as Standard Webhooks has it: `whsec_` and the base64 of 24 to 64 bytes.',
  ],
  THUMBSMITH_PUBLIC_URL: [
    '',
    'The address people use, e.g. `https://pictures.example.com`, where it is not the one listened on.',
  ],
  THUMBSMITH_ALLOWED_ORIGINS: ['', 'Other sites whose pages may call the API, separated by commas.'],
  THUMBSMITH_DECODERS: ['', 'How many decoder processes; one per core if it is not set.'],
  THUMBSMITH_SWEEP_SECONDS: ['300', 'How often everything is compared with what should be there.'],
  THUMBSMITH_LOG_LEVEL: ['info', '`debug`, `info`, `warn` or `error`.'],
  HOST: [
    '127.0.0.1',
    'The address to listen on. Any other than a loopback address needs THUMBSMITH_AUTH and THUMBSMITH_PUBLIC_URL.',
  ],
  PORT: ['8080', 'The port to listen on.'],
} as const satisfies Record<`${'THUMBSMITH_' | ''}${string}`, readonly [string, string]>
export type Variable = keyof typeof VARIABLES

export interface Config {
  file: string
  presets: Record<string, Preset>
  rules: Rule[]
  notifiers: Record<string, string>
  limits: z.infer<typeof limitsSchema>
  originals: string
  renditions: string
  queue: string
  auth: string
  authSecret: string
  secret: string
  eventsSecret: string
  eventsTopics: string[]
  eventsQueue: string
  snsTopic: string
  webhookSecret: string
  publicUrl: string
  allowedOrigins: string[]
  decoders: number | undefined
  sweepSeconds: number
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  host: string
  port: number
}

const invalid = (message: string) => new ThumbsmithError('config.invalid', message)

/** Reads the file that THUMBSMITH_CONFIG names and the environment. Throws `config.invalid` with every problem, one a line. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const file = env.THUMBSMITH_CONFIG || VARIABLES.THUMBSMITH_CONFIG[0]
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ThumbsmithError(
      'config.invalid',
      `THUMBSMITH_CONFIG: the file "${file}" cannot be read. Create it, or name another with --config.`,
      { cause: error },
    )
  }
  return parseConfig(text, file, env)
}

/** The same from the file's text, for tests and tools. */
export function parseConfig(text: string, file: string, env: Record<string, string | undefined>): Config {
  const value = (name: Variable): string => env[name] || VARIABLES[name][0]
  const number = (name: Variable, min: number, max: number): number => {
    const parsed = Number(value(name))
    if (!Number.isInteger(parsed) || parsed < min || parsed > max)
      throw invalid(`${name} is "${value(name)}". Give a whole number from ${min} to ${max}.`)
    return parsed
  }
  const list = (name: Variable): string[] =>
    value(name)
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
  const secret = (name: Variable): string => {
    if (value(name) !== '' && Buffer.byteLength(value(name)) < 32)
      throw invalid(`${name} is too short. Give at least 32 bytes, e.g. from \`openssl rand -hex 32\`.`)
    return value(name)
  }
  const site = (name: Variable, text: string): string => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search)
      throw invalid(
        `${name} holds "${withoutPassword(text)}". Give an origin such as https://pictures.example.com, without a path.`,
      )
    return url.origin
  }
  const level = value('THUMBSMITH_LOG_LEVEL')
  if (level !== 'debug' && level !== 'info' && level !== 'warn' && level !== 'error')
    throw invalid(`THUMBSMITH_LOG_LEVEL is "${level}". Give debug, info, warn or error.`)
  const unknown = Object.keys(env).filter((name) => name.startsWith('THUMBSMITH_') && !Object.hasOwn(VARIABLES, name))
  if (unknown.length) throw invalid(`${unknown[0]} is no setting. Known are ${Object.keys(VARIABLES).join(', ')}.`)

  const originals = value('THUMBSMITH_ORIGINALS')
  const renditions = value('THUMBSMITH_RENDITIONS')
  const { presets, rules, notifiers, limits } = parseFile(text, file, originals === renditions)
  const config: Config = {
    file,
    presets,
    rules,
    notifiers,
    limits,
    originals,
    renditions,
    queue: value('THUMBSMITH_QUEUE'),
    auth: value('THUMBSMITH_AUTH'),
    authSecret: secret('THUMBSMITH_AUTH_SECRET'),
    secret: secret('THUMBSMITH_SECRET'),
    eventsSecret: secret('THUMBSMITH_EVENTS_SECRET'),
    eventsTopics: list('THUMBSMITH_EVENTS_TOPICS'),
    eventsQueue: value('THUMBSMITH_EVENTS_QUEUE'),
    snsTopic: value('THUMBSMITH_SNS_TOPIC'),
    webhookSecret: value('THUMBSMITH_WEBHOOK_SECRET'),
    publicUrl: value('THUMBSMITH_PUBLIC_URL') && site('THUMBSMITH_PUBLIC_URL', value('THUMBSMITH_PUBLIC_URL')),
    allowedOrigins: list('THUMBSMITH_ALLOWED_ORIGINS').map((origin) => site('THUMBSMITH_ALLOWED_ORIGINS', origin)),
    decoders: value('THUMBSMITH_DECODERS') === '' ? undefined : number('THUMBSMITH_DECODERS', 1, 256),
    sweepSeconds: number('THUMBSMITH_SWEEP_SECONDS', 1, 604_800),
    logLevel: level,
    host: value('HOST'),
    port: number('PORT', 0, 65_535),
  }
  // Behind the port of a container that is published on this machine only. Said outright, for nothing here can check it.
  const isLocal = env.THUMBSMITH_AUTH === 'none' && config.publicUrl && isLoopback(new URL(config.publicUrl).hostname)
  if (!isLoopback(config.host) && !isLocal && (config.auth === 'none' || config.publicUrl === ''))
    throw invalid(
      `HOST is "${config.host}", which other machines can reach. Set THUMBSMITH_AUTH, so that strangers cannot see the pictures, and THUMBSMITH_PUBLIC_URL, the address people use.`,
    )
  // A proxy on this machine brings in everybody who can reach it.
  if (isOpenToAll(config) && env.THUMBSMITH_AUTH !== 'none')
    throw invalid(
      'THUMBSMITH_PUBLIC_URL is an address for others, and THUMBSMITH_AUTH is not set: everybody who comes would be the operator. Set it to jwt:…, or to none if whatever stands in front asks people who they are.',
    )
  return Object.freeze(config)
}

/** Whether people on other machines come in, and nobody is asked who they are. */
export const isOpenToAll = ({ auth, publicUrl }: Pick<Config, 'auth' | 'publicUrl'>): boolean =>
  auth === 'none' && publicUrl !== '' && !isLoopback(new URL(publicUrl).hostname)

const withoutPassword = (url: string): string => url.replace(/\/\/.*@/s, '//…@')

export const isLoopback = (host: string): boolean => host === 'localhost' || /^127\.|^(::1|\[::1\])$/.test(host)

function parseFile(
  text: string,
  file: string,
  sameStore: boolean,
): Pick<Config, 'presets' | 'rules' | 'notifiers' | 'limits'> {
  const yaml = parseYaml(text)
  if ('fault' in yaml) throw invalid(`${file}:${yaml.fault.line}: ${yaml.fault.message}`)

  const problems: string[] = []
  const report = (path: PropertyKey[], message: string) => {
    const place = yaml.at(path)
    const value = place.value === undefined ? '' : ` is ${JSON.stringify(place.value).slice(0, 80)}`
    problems.push(`${file}:${place.line}: ${path.join('.') || 'the file'}${value}: ${message}`)
  }
  const parsed = fileSchema.safeParse(yaml.value)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) for (const { path, message } of flatten(issue, yaml)) report(path, message)
    throw invalid(problems.join('\n'))
  }
  const { presets, fonts, notifiers, limits } = parsed.data
  for (const [i, rule] of parsed.data.rules.entries()) {
    for (const [j, preset] of rule.presets.entries())
      if (!Object.hasOwn(presets, preset))
        report(['rules', i, 'presets', j], `there is no such preset. Known are ${Object.keys(presets).join(', ')}.`)
    for (const [j, notifier] of rule.notify.entries())
      if (!Object.hasOwn(notifiers, notifier))
        report(['rules', i, 'notify', j], `there is no such notifier. Known are ${Object.keys(notifiers).join(', ')}.`)
    if (parsed.data.rules.findIndex((other) => other.name === rule.name) !== i)
      report(['rules', i, 'name'], 'is taken by another rule. Give each its own.')
  }
  for (const [name, { watermark }] of Object.entries(presets))
    if (watermark && !watermark.image.startsWith('data:')) {
      const image = readAsData(dirname(file), watermark.image, PNG_OR_WEBP, WATERMARK_MAX_BYTES)
      if (image) watermark.image = image
      else
        report(
          ['presets', name, 'watermark', 'image'],
          `is no PNG or WebP of at most ${WATERMARK_MAX_BYTES / 1000} kB beside ${file}.`,
        )
    }
  for (const [name, { title }] of Object.entries(presets)) {
    if (typeof title !== 'object' || title.font === undefined || title.font.startsWith('data:')) continue
    const path = Object.hasOwn(fonts, title.font) ? fonts[title.font]! : undefined
    const font = path && readAsData(dirname(file), path, TTF_OTF_OR_WOFF2, FONT_MAX_BYTES)
    if (path === undefined)
      report(['presets', name, 'title', 'font'], `there is no such font. Name its file under fonts.`)
    else if (font) title.font = font
    else report(['fonts', title.font], `is no TTF, OTF or WOFF2 of at most ${FONT_MAX_BYTES / 1e6} MB beside ${file}.`)
  }
  const renditions = renditionsOf(presets)
  const ofPreset = (name: string) => Object.keys(renditions).filter((rendition) => presetNameOf(rendition) === name)
  const rules = parsed.data.rules.map((rule) => compileRule({ ...rule, presets: rule.presets.flatMap(ofPreset) }))
  if (!problems.length)
    for (const conflict of ruleConflicts(rules, renditions, sameStore))
      report(['rules', rules.findIndex((rule) => rule.name === conflict.rule), 'rendition'], conflict.message)
  if (problems.length) throw invalid(problems.join('\n'))
  return { presets: renditions, rules, notifiers, limits }
}

const WATERMARK_MAX_BYTES = 200_000
const PNG_OR_WEBP = /^(89504e47|52494646.{8}57454250)/
const FONT_MAX_BYTES = 3_000_000
const TTF_OTF_OR_WOFF2 = /^(00010000|74727565|4f54544f|774f4632)/

/**
 * A file that presets stand on, as a `data:` URL: decoders open no files, and a rendition is due again when the bytes change. `undefined`
 * where it does not begin as it should (in hexadecimal), is too large, or lies elsewhere.
 */
function readAsData(folder: string, path: string, beginning: RegExp, maxBytes: number): string | undefined {
  if (isAbsolute(path) || path.split(/[\\/]/).includes('..')) return undefined
  try {
    const bytes = readFileSync(join(folder, path))
    const isRight = beginning.test(bytes.toString('hex', 0, 12)) && bytes.length <= maxBytes
    return isRight ? `data:;base64,${bytes.toString('base64')}` : undefined
  } catch {
    return undefined
  }
}

/** zod's issues with the unions opened and the words of a person. */
function flatten(issue: z.core.$ZodIssue, yaml: YamlFile): { path: PropertyKey[]; message: string }[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: 'is no setting here. Remove it, or mend its spelling.',
    }))
  if (issue.code === 'invalid_union') {
    const choices = issue.errors.flat().map((inner) => inner.message)
    return [{ path: issue.path, message: [...new Set(choices)].join(', or ') }]
  }
  if (issue.code === 'invalid_type' && (yaml.at(issue.path).value ?? undefined) === undefined)
    return [{ path: issue.path, message: `is missing. Give it a ${KINDS[issue.expected] ?? issue.expected}.` }]
  // Of a name, such as a preset's.
  if (issue.code === 'invalid_key')
    return issue.issues.map((inner) => ({ path: issue.path, message: `its name ${inner.message}` }))
  return [{ path: issue.path, message: issue.message }]
}

const KINDS: Record<string, string> = { record: 'mapping', object: 'mapping', array: 'list' }

/** The JSON schema of the file, for editors; `npm run schema` writes it to schema/. */
export function editorSchema(): string {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7' })
  return `${JSON.stringify({ title: 'thumbsmith.yaml', ...schema }, null, 2)}\n`
}
