// What buckets are told: never to drop what a rule did not mean, and never over what others have set.
import { describe, expect, it } from 'vitest'
import { compileRule, type RuleDefinition } from '../rule.ts'
import { ruleSchema } from '../rule-schema.ts'
import { planSetting } from '../storage/s3-settings.ts'
import { corsRules, eventRules, lifecycleRules } from './setup-rules.ts'

const rules = (...definitions: object[]) =>
  definitions.map((rule, i) =>
    compileRule(ruleSchema.parse({ name: `r${i}`, presets: ['p'], ...rule }) as RuleDefinition),
  )
const expiring = (prefix: string, ...definitions: object[]) => {
  const { rules: made, unsaid } = lifecycleRules(prefix, rules(...definitions))
  return [made.slice(1).map((rule) => [rule.Filter?.Prefix, rule.Expiration?.Days]), unsaid]
}

describe('expiry', () => {
  it('follows from rules of one whole prefix', () => {
    expect(expiring('', { prefix: 'videos/', expireAfterDays: 7 })).toEqual([[['videos/', 7]], []])
    expect(expiring('in/', { match: 'a/b/**', expireAfterDays: 0.5 })).toEqual([[['in/a/b/', 1]], []])
  })

  it.each([
    ['a whole bucket, where our own state lies too', { match: '**', expireAfterDays: 7 }],
    ['some kinds of files', { prefix: 'a/', extensions: ['jpg'], expireAfterDays: 7 }],
    ['all but some', { prefix: 'a/', except: ['a/keep/**'], expireAfterDays: 7 }],
    ['one folder, not those below', { match: 'a/*', expireAfterDays: 7 }],
    ['two folders', { match: ['a/**', 'b/**'], expireAfterDays: 7 }],
    ['a folder in every folder', { match: '*/a/**', expireAfterDays: 7 }],
  ])('is left to the sweep for %s', (_, rule) => {
    expect(expiring('', rule)).toEqual([[], ['r0']])
  })

  it('is left to the sweep where an earlier rule takes some of the keys', () => {
    const kept = { match: 'a/keep/*.jpg' }
    const old = { prefix: 'a/', expireAfterDays: 7 }
    expect(expiring('', kept, old)).toEqual([[], ['r1']])
    expect(expiring('', { extensions: ['png'] }, old)).toEqual([[], ['r1']])
    expect(expiring('', old, kept)).toEqual([[['a/', 7]], []])
    expect(expiring('', { prefix: 'b/' }, old)).toEqual([[['a/', 7]], []])
  })

  it('ends uploads that broke off, in the store only', () => {
    expect(lifecycleRules('in/', []).rules).toEqual([
      {
        ID: 'thumbsmith-parts',
        Status: 'Enabled',
        Filter: { Prefix: 'in/' },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
      },
    ])
  })
})

it('browsers of the sites people use may upload', () => {
  const sites = (publicUrl: string, allowedOrigins: string[]) =>
    corsRules({ publicUrl, allowedOrigins, port: 8080 })[0]?.AllowedOrigins
  expect(sites('', [])).toEqual(['http://127.0.0.1:8080', 'http://localhost:8080'])
  expect(sites('https://a.example', ['https://b.example', 'https://a.example'])).toEqual([
    'https://a.example',
    'https://b.example',
  ])
})

it('events go to a topic or a queue', () => {
  const topic = 'arn:aws:sns:eu-central-1:123456789012:pictures'
  const queue = 'arn:aws:sqs:eu-central-1:123456789012:pictures'
  expect(eventRules('', topic)[0]).toMatchObject({ TopicArn: topic })
  expect(eventRules('in/', queue)[0]).toMatchObject({
    QueueArn: queue,
    Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'in/' }] } },
  })
})

describe('a setting', () => {
  const ours = { ID: 'thumbsmith', AllowedMethods: ['GET', 'PUT'] }
  const theirs = { ID: 'theirs', AllowedMethods: ['GET'] }
  it.each([
    ['nothing is there', [], [ours], 'write'],
    ['it is there', [ours], [ours], 'keep'],
    [
      'it is there, in another order and with more',
      [{ ...ours, AllowedMethods: ['PUT', 'GET'], Extra: 1 }],
      [ours],
      'keep',
    ],
    ['an older one of ours is there', [{ ...ours, AllowedMethods: ['GET'] }], [ours], 'write'],
    ['one of ours is there too many', [ours, { ...ours, ID: 'thumbsmith-old' }], [ours], 'write'],
    ['theirs is there', [theirs], [ours], 'ask'],
    ['one without a name is there', [{ AllowedMethods: ['GET'] }], [ours], 'ask'],
    ['both are there', [theirs, ours], [ours], 'keep'],
    ['theirs and an older one of ours are there', [theirs, { ...ours, AllowedMethods: [] }], [ours], 'ask'],
  ])('where %s', (_, there, wanted, expected) => {
    expect(planSetting(there, wanted).do).toBe(expected)
  })
})
