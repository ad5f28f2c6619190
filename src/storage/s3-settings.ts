// What a bucket is told about browsers, old objects and events: S3 keeps each as one document, so whoever writes it replaces all of it.
import { isDeepStrictEqual } from 'node:util'
import {
  type CORSRule,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  type LifecycleRule,
  type NotificationConfiguration,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import { ThumbsmithError } from '../errors.ts'
import { openBucket } from './s3-client.ts'
import { codeOf, statusOf } from './s3-errors.ts'
import type { S3Location } from './s3-url.ts'

/** Rules of ours begin with it; what does not is somebody else's. */
export const OWN_ID = 'thumbsmith'

export interface SettingRules {
  cors: CORSRule[]
  lifecycle: LifecycleRule[]
  events: EventRule[]
}
export type SettingName = keyof SettingRules

/** One destination of a bucket's events. */
export interface EventRule {
  Id?: string | undefined
  Events: string[]
  TopicArn?: string | undefined
  QueueArn?: string | undefined
  LambdaFunctionArn?: string | undefined
  Filter?: { Key: { FilterRules: { Name: 'prefix' | 'suffix'; Value: string }[] } } | undefined
}

export interface BucketSettings {
  read<N extends SettingName>(name: N): Promise<SettingRules[N]>
  /** Replaces all that is there. */
  write<N extends SettingName>(name: N, rules: SettingRules[N]): Promise<void>
  /** Ceph: makes a topic that sends to an address, or changes that of this name. Returns its ARN. */
  createTopic(name: string, attributes: Record<string, string>): Promise<string>
  close(): void
}

export function bucketSettings(location: S3Location, credentials?: S3ClientConfig['credentials']): BucketSettings {
  const bucket = openBucket(location, credentials)
  const { client, name: Bucket } = bucket
  const ask = (what: string, permission: string) => ({ what, permission })

  const readers: { [N in SettingName]: () => Promise<SettingRules[N]> } = {
    cors: () =>
      orNone(
        bucket.call(
          ask('read its CORS rules', 's3:GetBucketCORS'),
          (call) => client.send(new GetBucketCorsCommand({ Bucket }), call),
          isUnset,
        ),
        (answer) => answer.CORSRules,
      ),
    lifecycle: () =>
      orNone(
        bucket.call(
          ask('read its lifecycle rules', 's3:GetLifecycleConfiguration'),
          (call) => client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), call),
          isUnset,
        ),
        (answer) => answer.Rules?.map(withFilter),
      ),
    events: () =>
      orNone(
        bucket.call(
          ask('read its notifications', 's3:GetBucketNotification'),
          (call) => client.send(new GetBucketNotificationConfigurationCommand({ Bucket }), call),
          isUnset,
        ),
        eventRules,
      ),
  }
  const writers: { [N in SettingName]: (rules: SettingRules[N]) => Promise<unknown> } = {
    cors: (CORSRules) =>
      bucket.call(ask('write its CORS rules', 's3:PutBucketCORS'), (call) =>
        client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }), call),
      ),
    lifecycle: (Rules) =>
      bucket.call(ask('write its lifecycle rules', 's3:PutLifecycleConfiguration'), (call) =>
        client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }), call),
      ),
    events: (rules) =>
      bucket.call(ask('write its notifications', 's3:PutBucketNotification'), (call) =>
        client.send(
          new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: configurationOf(rules) }),
          call,
        ),
      ),
  }
  return {
    read: (name) => readers[name](),
    async write(name, rules) {
      await writers[name](rules)
    },
    async createTopic(Name, Attributes) {
      const { endpoint, region } = location
      const sns = new SNSClient({
        ...(endpoint !== undefined && { endpoint }),
        ...(region !== undefined && { region }),
        ...(credentials && { credentials }),
      })
      try {
        const { TopicArn } = await bucket.call(ask('make topics', 'sns:CreateTopic'), (call) =>
          sns.send(new CreateTopicCommand({ Name, Attributes }), call),
        )
        return TopicArn ?? ''
      } finally {
        sns.destroy()
      }
    },
    close() {
      bucket.close()
    },
  }
}

/** `NoSuchCORSConfiguration`, `NoSuchLifecycleConfiguration`: nothing was ever set. */
const isUnset = (error: unknown): boolean => statusOf(error) === 404 && codeOf(error) !== 'NoSuchBucket'

async function orNone<T, R>(answer: Promise<T>, pick: (answer: T) => R[] | undefined): Promise<R[]> {
  try {
    return pick(await answer) ?? []
  } catch (error) {
    if (error instanceof ThumbsmithError) throw error
    return []
  }
}

/** Ceph gives a prefix back in its old place, AWS an empty one not at all. */
function withFilter({ Prefix = '', ...rule }: LifecycleRule): LifecycleRule {
  const isEmpty = Object.keys(rule.Filter ?? {}).length === 0
  return { ...rule, Filter: isEmpty ? { Prefix } : rule.Filter }
}

function eventRules(answer: NotificationConfiguration): EventRule[] {
  const { TopicConfigurations = [], QueueConfigurations = [], LambdaFunctionConfigurations = [] } = answer
  // EventBridge has no rules, but a replacement would turn it off all the same.
  const bridge = answer.EventBridgeConfiguration ? [{ Id: 'EventBridge', Events: ['*'] }] : []
  return [...TopicConfigurations, ...QueueConfigurations, ...LambdaFunctionConfigurations, ...bridge] as EventRule[]
}

function configurationOf(rules: EventRule[]): NotificationConfiguration {
  const topics = rules.filter((rule) => rule.TopicArn !== undefined)
  const queues = rules.filter((rule) => rule.QueueArn !== undefined)
  return {
    ...(topics.length && { TopicConfigurations: topics }),
    ...(queues.length && { QueueConfigurations: queues }),
  } as NotificationConfiguration
}

const idOf = (rule: object): string => {
  const { ID, Id } = rule as { ID?: string; Id?: string }
  return ID ?? Id ?? ''
}

/** What to do about a setting: `keep` where it says all we want, `write` where nothing of others is in the way, else `ask`. */
export function planSetting(there: object[], wanted: object[]): { do: 'keep' | 'write' | 'ask'; foreign: object[] } {
  const foreign = there.filter((rule) => !idOf(rule).startsWith(OWN_ID))
  const own = there.filter((rule) => idOf(rule).startsWith(OWN_ID))
  const isThere = (rule: object) => own.some((other) => idOf(other) === idOf(rule) && says(other, rule))
  if (wanted.every(isThere) && own.length === wanted.length) return { do: 'keep', foreign }
  return { do: foreign.length ? 'ask' : 'write', foreign }
}

/** Servers add fields of their own, and give lists back in another order. */
function says(there: object, wanted: object): boolean {
  return Object.entries(wanted).every(([name, value]) =>
    isDeepStrictEqual(sorted((there as Record<string, unknown>)[name]), sorted(value)),
  )
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.toSorted() : value
