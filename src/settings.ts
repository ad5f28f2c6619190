// The configuration as all the rest knows it, and what the environment has to say of it: every variable once.
import type { ConfigFile } from './config-file.ts'
import { ThumbsmithError } from './errors.ts'
import { compileRule, type Rule } from './rule.ts'

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
  presets: ConfigFile['presets']
  rules: Rule[]
  notifiers: ConfigFile['notifiers']
  limits: ConfigFile['limits']
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

export const settingOf = (name: Variable, env: Record<string, string | undefined>): string =>
  env[name] || VARIABLES[name][0]

/** Where originals and renditions lie in one store, rules must keep them apart. */
export const isOneStore = (env: Record<string, string | undefined>): boolean =>
  settingOf('THUMBSMITH_ORIGINALS', env) === settingOf('THUMBSMITH_RENDITIONS', env)

/** The configuration from this file, and what it says. Throws `config.invalid`. */
export function configOf(file: string, said: ConfigFile, env: Record<string, string | undefined>): Config {
  const value = (name: Variable): string => settingOf(name, env)
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

  const { presets, rules, notifiers, limits } = said
  const config: Config = {
    file,
    presets,
    rules: rules.map(compileRule),
    notifiers,
    limits,
    originals: settingOf('THUMBSMITH_ORIGINALS', env),
    renditions: settingOf('THUMBSMITH_RENDITIONS', env),
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
