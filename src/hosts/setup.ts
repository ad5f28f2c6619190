// `thumbsmith setup`: tells the buckets what they should know, says everything first, and leaves alone what others have set.

import { ThumbsmithError } from '../errors.ts'
import type { Config } from '../settings.ts'
import {
  type BucketSettings,
  bucketSettings,
  planSetting,
  type SettingName,
  type SettingRules,
} from '../storage/s3-settings.ts'
import type { S3Location } from '../storage/s3-url.ts'
import { corsRules, eventRules, lifecycleRules } from './setup-rules.ts'
import { placesOf } from './stores.ts'

export interface SetupOptions {
  /** Says what it would do, and does nothing. */
  dryRun?: boolean
  /** Also replaces settings that others have made. */
  replace?: boolean
  /** Where the originals' events go: our own address (Ceph), or the ARN of a topic or queue (AWS). */
  events?: string
}

const TITLES: Record<SettingName, string> = { cors: 'browsers (CORS)', lifecycle: 'lifecycle', events: 'events' }

/** Returns the exit code: 1 where something was left as others had set it. */
export async function setup(config: Config, options: SetupOptions, say: (line: string) => void): Promise<number> {
  const places = placesOf(config)
  let left = 0
  const done = new Set<string>()
  for (const name of ['originals', 'renditions'] as const) {
    const place = places[name]
    if (place.scheme === 'file') {
      say(`${name}: a folder needs no setting up`)
      continue
    }
    const { location } = place
    const id = `${location.endpoint} ${location.bucket}`
    if (done.has(id)) {
      say(`${name}: in the same bucket as the originals`)
      continue
    }
    done.add(id)
    say(`${name}: bucket ${location.bucket}`)
    const settings = bucketSettings(location)
    try {
      const apply = <N extends SettingName>(setting: N, wanted: SettingRules[N]) =>
        applySetting(settings, setting, wanted, options, say)
      if (!(await apply('cors', corsRules(config)))) left++
      const { rules, unsaid } = lifecycleRules(location.prefix, name === 'originals' ? config.rules : [])
      if (!(await apply('lifecycle', rules))) left++
      for (const rule of unsaid)
        say(`  lifecycle: the rule "${rule}" is not of one whole prefix; the sweep expires its originals`)
      if (name === 'originals' && options.events) {
        const destination = await destinationOf(options.events, config, location, settings, options, say)
        if (!(await apply('events', eventRules(location.prefix, destination)))) left++
      } else if (name === 'originals') say('  events: none asked for (--events …); the sweep finds new originals')
    } finally {
      settings.close()
    }
  }
  if (left)
    say('What others have set was left alone. Add the rules above to it yourself, or replace it with --replace.')
  return left ? 1 : 0
}

/** Whether the setting now says what it should, or would. */
async function applySetting<N extends SettingName>(
  settings: BucketSettings,
  name: N,
  wanted: SettingRules[N],
  { dryRun, replace }: SetupOptions,
  say: (line: string) => void,
): Promise<boolean> {
  const plan = planSetting(await settings.read(name), wanted)
  if (plan.do === 'keep') {
    say(`  ${TITLES[name]}: as it should be`)
    return true
  }
  const isReplaced = plan.do === 'ask' && replace
  if (plan.foreign.length)
    sayRules(`  ${TITLES[name]}: ${isReplaced ? 'replaces what is' : 'there is'}`, plan.foreign, say)
  const verb = plan.do === 'ask' && !replace ? 'should be' : dryRun ? 'would be' : 'is now'
  if (plan.do === 'write' || isReplaced) if (!dryRun) await settings.write(name, wanted)
  sayRules(`  ${TITLES[name]}: ${verb}`, wanted, say)
  return plan.do === 'write' || isReplaced === true
}

function sayRules(title: string, rules: object[], say: (line: string) => void): void {
  say(title)
  for (const rule of rules) say(`    ${JSON.stringify(rule)}`)
}

/** An ARN as it is. For an address, Ceph makes a topic that sends to it. */
async function destinationOf(
  events: string,
  config: Config,
  location: S3Location,
  settings: BucketSettings,
  { dryRun }: SetupOptions,
  say: (line: string) => void,
): Promise<string> {
  const invalid = (message: string) => new ThumbsmithError('config.invalid', `--events is "${events}". ${message}`)
  if (/^arn:[^:]*:(sns|sqs):/.test(events)) return events
  if (!URL.canParse(events) || !/^https?:/.test(events))
    throw invalid('Give the address of this server, or the ARN of a topic or queue.')
  if (location.endpoint === undefined) throw invalid('AWS sends to topics and queues only: give the ARN of one.')
  if (!config.eventsSecret) throw invalid('Set THUMBSMITH_EVENTS_SECRET too, here and for the server.')
  const address = new URL('/events/s3', events)
  const name = `thumbsmith-${location.bucket.replaceAll('.', '-')}`
  say(`  events: the topic ${name} ${dryRun ? 'would send' : 'sends'} to ${address.href}?secret=…`)
  // As Ceph names them.
  if (dryRun) return `arn:aws:sns:default::${name}`
  address.searchParams.set('secret', config.eventsSecret)
  return settings.createTopic(name, { 'push-endpoint': address.href })
}
