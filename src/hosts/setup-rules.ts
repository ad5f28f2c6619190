// What a bucket should be told, as it follows from the configuration: which sites may upload, what expires, and what is swept away.

import type { Rule } from '../rule.ts'
import type { Config } from '../settings.ts'
import { type EventRule, OWN_ID, type SettingRules } from '../storage/s3-settings.ts'

/** Browsers of these sites may upload to the bucket and show what is in it. */
export function corsRules(config: Pick<Config, 'publicUrl' | 'allowedOrigins' | 'port'>): SettingRules['cors'] {
  const own = config.publicUrl
    ? [config.publicUrl]
    : [`http://127.0.0.1:${config.port}`, `http://localhost:${config.port}`]
  return [
    {
      ID: OWN_ID,
      AllowedOrigins: [...new Set([...own, ...config.allowedOrigins])],
      AllowedMethods: ['GET', 'HEAD', 'POST', 'PUT'],
      AllowedHeaders: ['*'],
      ExposeHeaders: ['ETag'],
      MaxAgeSeconds: 3600,
    },
  ]
}

/** Parts of uploads that never ended cost money and are seen nowhere. */
const PARTS_DAYS = 2

/**
 * `prefix`: of the store in its bucket. `unsaid`: rules that a bucket cannot be told, since it knows whole prefixes only; the sweep removes
 * theirs.
 */
export function lifecycleRules(prefix: string, rules: Rule[]): { rules: SettingRules['lifecycle']; unsaid: string[] } {
  const unsaid: string[] = []
  const expiring = rules.flatMap((rule, i) => {
    if (rule.expireAfterDays === undefined) return []
    const whole = wholePrefix(rule)
    if (whole === undefined || rules.slice(0, i).some((before) => meet(before.folder, whole))) {
      unsaid.push(rule.name)
      return []
    }
    return [
      {
        ID: `${OWN_ID}-expire-${rule.name}`,
        Status: 'Enabled' as const,
        Filter: { Prefix: prefix + whole },
        Expiration: { Days: Math.ceil(rule.expireAfterDays) },
      },
    ]
  })
  const parts = {
    ID: `${OWN_ID}-parts`,
    Status: 'Enabled' as const,
    Filter: { Prefix: prefix },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: PARTS_DAYS },
  }
  return { rules: [parts, ...expiring], unsaid }
}

/** The prefix under which every key is this rule's, if it says so plainly. Never the whole bucket: our own state lies there too. */
function wholePrefix({ match, prefix, extensions, except }: Rule): string | undefined {
  if (extensions || except.length) return undefined
  const globs = match === undefined ? [] : [match].flat()
  if (globs.length === 0) return prefix
  const [, folder] = /^([^*?{}[\]\\]+\/)\*\*$/.exec(globs[0]!) ?? []
  return globs.length === 1 && prefix === undefined ? folder : undefined
}

const meet = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one)

/** `destination`: a topic or a queue, by its ARN. */
export function eventRules(prefix: string, destination: string): EventRule[] {
  const target = /^arn:[^:]*:sqs:/.test(destination) ? { QueueArn: destination } : { TopicArn: destination }
  const filter = prefix ? { Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: prefix }] } } } : {}
  return [{ Id: OWN_ID, ...target, Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'], ...filter }]
}
