import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { focusOf, type Manifest, stateOf } from './manifest.ts'
import { manifestSchema } from './manifest-schema.ts'
import { DEATHS_MAX, type Observation, type Plan, plan, refuse, VANISHED_MAX } from './plan.ts'
import type { Preset } from './preset.ts'
import { presetSchema } from './preset-schema.ts'
import { compileRule, type RuleDefinition } from './rule.ts'
import { ruleSchema } from './rule-schema.ts'
import type { ObjectHead } from './storage/storage.ts'

const now = new Date('2026-05-01T12:00:00Z')
const presets: Record<string, Preset> = {
  plain: presetSchema.parse({ width: 10 }),
  titled: presetSchema.parse({ width: 20, title: true }),
  other: presetSchema.parse({ width: 30 }),
}
const rule = (extra: object = {}) =>
  compileRule(ruleSchema.parse({ name: 'r', prefix: 'u/', presets: ['plain', 'titled'], ...extra }) as RuleDefinition)
const head = (extra: Partial<ObjectHead> = {}): ObjectHead => ({
  key: 'u/a',
  etag: 'e1',
  bytes: 5,
  contentType: 'image/png',
  modified: now,
  metadata: {},
  ...extra,
})
const look = (extra: Partial<Observation> = {}): Observation => ({
  key: 'u/a',
  rule: rule(),
  owner: 'ann',
  presets,
  head: head(),
  marked: false,
  manifest: undefined,
  lost: [],
  refresh: false,
  alive: () => false,
  rendersPerDay: 100,
  now,
  ...extra,
})

/** What the world looks like after a plan was carried out and everything went well. */
function carriedOut(decided: Plan): Manifest | undefined {
  if (decided.do === 'record') return decided.manifest
  if (decided.do !== 'render') return undefined
  const renditions = { ...decided.manifest.renditions }
  for (const preset of decided.presets) {
    const { error: _, ...base } = renditions[preset]!
    renditions[preset] = {
      ...base,
      state: 'ready',
      object: {
        store: 'renditions',
        key: `${decided.manifest.key}/${preset}`,
        etag: 'x',
        fingerprint: base.fingerprint,
        bytes: 1,
        width: 1,
        height: 1,
        format: 'jpeg',
        contentType: 'image/jpeg',
        renderedAt: now.toISOString(),
      },
    }
  }
  for (const preset of decided.drop) delete renditions[preset]
  return manifestSchema.parse({ ...decided.manifest, renditions })
}
const settled = (extra: Partial<Observation> = {}) => carriedOut(plan(look(extra)))!

describe('the focus', () => {
  const covering = { ...presets, titled: presetSchema.parse({ width: 20, height: 20, fit: 'cover' }) }
  const at = now.toISOString()
  const edited = (manifest: Manifest, focus: { x: number; y: number } | null) =>
    plan(look({ presets: covering, manifest: { ...manifest, edit: { revision: 1, at, focus } } }))

  it('renders anew only what depends on it', () => {
    const manifest = carriedOut(plan(look({ presets: covering })))!
    const moved = edited(manifest, { x: 0.2, y: 0.3 })
    expect(moved).toMatchObject({ do: 'render', presets: ['titled'] })
    expect(edited(carriedOut(moved)!, { x: 0.2, y: 0.3 }).do).toBe('nothing')
    expect(edited(carriedOut(moved)!, null)).toMatchObject({ do: 'render', presets: ['titled'] })
  })

  it('comes with the original, and can be taken away', () => {
    const metadata = { 'thumbsmith-focus': '0.2,0.3' }
    const manifest = carriedOut(plan(look({ presets: covering, head: head({ metadata }) })))!
    expect(focusOf(manifest)).toEqual({ x: 0.2, y: 0.3 })
    expect(edited(manifest, { x: 0.2, y: 0.3 }).do).toBe('nothing')
    expect(edited(manifest, null)).toMatchObject({ do: 'render', presets: ['titled'] })
  })
})

describe('plan', () => {
  it('renders a new original with every preset of its rule, then has nothing left to do', () => {
    const decided = plan(look())
    expect(decided).toMatchObject({ do: 'render', presets: ['plain', 'titled'], drop: [] })
    expect(plan(look({ manifest: carriedOut(decided)! })).do).toBe('nothing')
  })

  it.each<[string, Partial<Observation>]>([
    ['a rendition', { marked: true }],
    ['a key that no rule takes', { rule: undefined }],
    ['a key where nothing is and nothing was', { head: undefined }],
  ])('leaves alone %s', (_, extra) => {
    expect(plan(look(extra)).do).toBe('nothing')
  })

  it('renders everything anew for new bytes, and keeps what stands there known', () => {
    const decided = plan(look({ manifest: settled(), head: head({ etag: 'e2' }) }))
    expect(decided).toMatchObject({ do: 'render', presets: ['plain', 'titled'] })
    expect(decided.do === 'render' && decided.manifest.renditions.plain?.object?.key).toBe('u/a/plain')
  })

  it('renders only the titled presets when the title was edited', () => {
    const manifest = { ...settled(), edit: { revision: 1, title: 'New', at: now.toISOString() } }
    expect(plan(look({ manifest }))).toMatchObject({ do: 'render', presets: ['titled'] })
  })

  it('keeps an edited title over new bytes, unless they bring their own', () => {
    const manifest = {
      ...settled(),
      edit: { revision: 4, title: 'Edited', focus: { x: 0, y: 0 }, at: now.toISOString() },
    }
    const titleAfter = (metadata: Record<string, string>) => {
      const decided = plan(look({ manifest, head: head({ etag: 'e2', metadata }) }))
      return decided.do === 'render' ? decided.manifest : undefined
    }
    expect(titleAfter({})?.edit).toMatchObject({ revision: 5, title: 'Edited' })
    expect(titleAfter({})?.edit?.focus).toBeUndefined()
    expect(titleAfter({ text: 'Own' })?.edit?.title).toBeUndefined()
    expect(titleAfter({ text: 'Own' })?.original.title).toBe('Own')
  })

  it('only marks a changed preset stale, and renders it on refresh', () => {
    const changed = { ...presets, plain: presetSchema.parse({ width: 11 }) }
    const decided = plan(look({ manifest: settled(), presets: changed }))
    expect(decided).toMatchObject({
      do: 'record',
      manifest: { renditions: { plain: { stale: true, state: 'ready' }, titled: { stale: false } } },
    })
    expect(plan(look({ manifest: settled(), presets: changed, refresh: true }))).toMatchObject({
      do: 'render',
      presets: ['plain'],
    })
  })

  it('renders a preset that was added to the rule, and drops one that was taken away only on refresh', () => {
    const seen = { manifest: settled(), rule: rule({ presets: ['plain', 'other'] }) }
    expect(plan(look(seen))).toMatchObject({
      do: 'render',
      presets: ['other'],
      drop: [],
      manifest: { renditions: { titled: { stale: true } } },
    })
    expect(plan(look({ ...seen, refresh: true }))).toMatchObject({ do: 'render', presets: ['other'], drop: ['titled'] })
  })

  it('renders again what was lost from the store', () => {
    expect(plan(look({ manifest: settled(), lost: ['titled'] }))).toMatchObject({ do: 'render', presets: ['titled'] })
  })

  it('leaves a failure as the result it is', () => {
    const failed = refuse(settled(), ['plain'], { code: 'image.damaged', message: 'x' }, now)
    expect(plan(look({ manifest: failed })).do).toBe('nothing')
    expect(plan(look({ manifest: failed, head: head({ etag: 'e2' }) })).do).toBe('render')
  })

  describe('a claim', () => {
    const claim = { token: 't', until: now.toISOString() }
    it('that is alive is waited for, whatever else is true', () => {
      for (const extra of [{}, { head: undefined }, { head: head({ etag: 'e2' }) }])
        expect(plan(look({ manifest: { ...settled(), claim }, alive: () => true, ...extra })).do).toBe('wait')
    })
    it('that vanished is counted, and too many set the original aside', () => {
      const base = plan(look())
      const begun = { ...(base.do === 'render' ? base.manifest : settled()), claim }
      expect(plan(look({ manifest: begun }))).toMatchObject({ do: 'render', manifest: { attempts: { vanished: 1 } } })
      const often = plan(look({ manifest: { ...begun, attempts: { deaths: 0, vanished: VANISHED_MAX } } }))
      expect(often.do === 'record' && stateOf(often.manifest)).toBe('failed')
      expect(DEATHS_MAX).toBeLessThan(VANISHED_MAX)
    })
  })

  it('stops what is rendered in a loop', () => {
    const manifest = { ...settled(), rendered: { day: '2026-05-01', times: 100 } }
    const decided = plan(look({ manifest, head: head({ etag: 'e2' }) }))
    expect(decided).toMatchObject({
      do: 'record',
      manifest: { renditions: { plain: { state: 'failed', error: { code: 'rendition.too_often' } } } },
    })
    expect(
      plan(look({ manifest: { ...manifest, rendered: { day: '2026-04-30', times: 100 } }, head: head({ etag: 'e2' }) }))
        .do,
    ).toBe('render')
  })

  describe('a missing original', () => {
    it('takes its renditions with it, unless the rule keeps them', () => {
      expect(plan(look({ manifest: settled(), head: undefined }))).toMatchObject({ do: 'remove', expire: false })
      expect(plan(look({ manifest: settled(), head: undefined, rule: rule({ whenOriginalRemoved: 'keep' }) })).do).toBe(
        'nothing',
      )
    })
    it('leaves its renditions where no rule speaks of them any more', () => {
      expect(plan(look({ manifest: settled(), head: undefined, rule: undefined })).do).toBe('nothing')
    })
    it('may be one past its time, counted from the upload or from when this version was first seen, whichever is later', () => {
      const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000)
      const seenAt = (at: Date): Manifest => {
        const manifest = settled()
        return { ...manifest, original: { ...manifest.original, seen: at.toISOString() } }
      }
      const week = rule({ expireAfterDays: 7 })
      const old = head({ modified: daysAgo(8) })
      expect(plan(look({ head: old, rule: week, manifest: seenAt(daysAgo(8)) }))).toMatchObject({
        do: 'remove',
        expire: true,
      })
      expect(plan(look({ head: old, rule: rule({ expireAfterDays: 9 }), manifest: seenAt(daysAgo(8)) })).do).toBe(
        'nothing',
      )
      expect(plan(look({ head: old, rule: week, manifest: seenAt(daysAgo(6)) })).do).toBe('nothing')
      expect(plan(look({ head: head({ modified: daysAgo(6) }), rule: week, manifest: seenAt(daysAgo(8)) })).do).toBe(
        'nothing',
      )
    })
    it('is never one that was not seen before, however old it says to be', () => {
      const years = new Date(now.getTime() - 4000 * 86_400_000)
      const week = rule({ expireAfterDays: 7 })
      expect(plan(look({ head: head({ modified: years }), rule: week })).do).toBe('render')
      const replaced = { head: head({ etag: 'e2', modified: years }), rule: week }
      const known = settled()
      const manifest = { ...known, original: { ...known.original, seen: years.toISOString() } }
      expect(plan(look({ ...replaced, manifest })).do).toBe('render')
    })
  })

  it('comes to rest from any history, without rendering one fingerprint twice', () => {
    const happening = fc.oneof(
      fc.record({ what: fc.constant('overwrite' as const), etag: fc.constantFrom('e1', 'e2', 'e3') }),
      fc.record({ what: fc.constant('edit' as const), title: fc.constantFrom('', 'a', 'b') }),
      fc.record({ what: fc.constant('presets' as const), width: fc.constantFrom(10, 11) }),
      fc.record({
        what: fc.constant('rule' as const),
        names: fc.subarray(['plain', 'titled', 'other'], { minLength: 1 }),
      }),
      fc.record({ what: fc.constant('crash' as const) }),
      fc.record({ what: fc.constant('look' as const), refresh: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 12 }), (history) => {
        let world = look({ rendersPerDay: 1000 })
        const settle = (refresh: boolean) => {
          const first = plan({ ...world, refresh })
          const after = carriedOut(first) ?? world.manifest
          world = { ...world, manifest: after }
          const second = plan({ ...world, refresh })
          expect(second.do).toBe('nothing')
        }
        for (const event of history) {
          if (event.what === 'overwrite') world = { ...world, head: head({ etag: event.etag }) }
          if (event.what === 'edit' && world.manifest)
            world = {
              ...world,
              manifest: { ...world.manifest, edit: { revision: 1, title: event.title, at: now.toISOString() } },
            }
          if (event.what === 'presets')
            world = { ...world, presets: { ...presets, plain: presetSchema.parse({ width: event.width }) } }
          if (event.what === 'rule') world = { ...world, rule: rule({ presets: event.names }) }
          if (event.what === 'crash') {
            const begun = plan(world)
            if (begun.do === 'render' && begun.manifest.attempts.vanished < VANISHED_MAX)
              world = { ...world, manifest: { ...begun.manifest, claim: { token: 't', until: '' } } }
          }
          if (event.what === 'look') settle(event.refresh)
        }
        settle(true)
        const final = world.manifest!
        expect(Object.keys(final.renditions).sort()).toEqual([...world.rule!.presets].sort())
        for (const { state, stale, inputs } of Object.values(final.renditions)) {
          expect({ state, stale, etag: inputs.etag }).toEqual({ state: 'ready', stale: false, etag: world.head!.etag })
        }
      }),
      { numRuns: 500 },
    )
  })
})
