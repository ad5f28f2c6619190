import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Preset } from './preset.ts'
import { presetSchema } from './preset-schema.ts'
import { OUTPUT_FORMATS } from './preset-words.ts'
import {
  compileRule,
  OPERATOR,
  ownerOf,
  ownerPrefixes,
  type Rule,
  type RuleDefinition,
  renditionKey,
  ruleConflicts,
  ruleFor,
  ticketKey,
} from './rule.ts'
import { ruleSchema } from './rule-schema.ts'

const rule = (definition: object): Rule =>
  compileRule(ruleSchema.parse({ name: 'r', presets: ['p'], ...definition }) as RuleDefinition)
const presets: Record<string, Preset> = {
  p: presetSchema.parse({ width: 10 }),
  q: presetSchema.parse({ width: 20, format: 'same' }),
}

describe('which originals', () => {
  it('combines match, prefix, extensions and except; extensions in any case', () => {
    const one = rule({
      match: '**/org.*',
      prefix: 'medias/',
      extensions: ['jpg', 'png'],
      except: ['medias/private/**'],
    })
    const takes = (key: string) => ruleFor([one], key) !== undefined
    expect(takes('medias/a/org.JPG')).toBe(true)
    expect(takes('medias/a/org.gif')).toBe(false)
    expect(takes('other/a/org.jpg')).toBe(false)
    expect(takes('medias/private/org.jpg')).toBe(false)
    expect(takes('medias/a/w720.jpg')).toBe(false)
  })

  it('never takes thumbsmith its own state', () => {
    expect(ruleFor([rule({ match: '**' })], '.thumbsmith/manifests/a!.json')).toBeUndefined()
  })

  it('asks the first rule that matches', () => {
    const rules = [rule({ name: 'first', match: 'a/**' }), rule({ name: 'second', match: '**' })]
    expect(ruleFor(rules, 'a/b')?.name).toBe('first')
    expect(ruleFor(rules, 'b/b')?.name).toBe('second')
  })
})

describe('the key of a rendition', () => {
  it.each([
    ['{dir}/{name}.{ext}/{preset}.{format}', 'uploads/a/photo.png', 'uploads/a/photo.png/p.jpg'],
    ['{dir}/w720.{ext}', 'uploads/a/org.png', 'uploads/a/w720.png'],
    ['thumbnails/{subdir}/{name}.{ext}', 'uploads/a b+c,ü.jpg', 'thumbnails/a b+c,ü.jpg'],
    ['thumbnails/{subdir}/{name}.{ext}', 'uploads/x/y/z.jpg', 'thumbnails/x/y/z.jpg'],
    ['{dir}/{name}.{ext}/{preset}', 'uploads/noext', 'uploads/noext/p'],
    ['{dir}/{name}_{format}', 'uploads/.hidden', 'uploads/.hidden_jpg'],
  ])('%s of %s is %s', (rendition, key, expected) => {
    expect(renditionKey(rule({ prefix: 'uploads/', rendition }), key, 'p', 'jpeg')).toBe(expected)
  })

  it('names the preset of a rendition that is one of several formats', () => {
    const several = rule({ prefix: 'uploads/', rendition: '{name}/{preset}.{format}' })
    expect(renditionKey(several, 'uploads/a.png', 'p.avif', 'avif')).toBe('a/p.avif')
  })

  it('needs no folder', () => {
    expect(renditionKey(rule({ match: '*', rendition: '{dir}/t/{name}.{ext}' }), 'a.jpg', 'p', 'jpeg')).toBe('t/a.jpg')
  })
})

describe('a loop', () => {
  const conflicts = (definition: object, sameStore = true) => ruleConflicts([rule(definition)], presets, sameStore)

  it('is refused with both patterns and an example', () => {
    const [conflict] = conflicts({ match: '**/*.jpg', rendition: 'thumbnails/{name}.{ext}' })
    expect(conflict?.message).toContain('"thumbnails/{name}.{ext}"')
    expect(conflict?.message).toContain('**/*.jpg')
    expect(conflict?.message).toMatch(/for example "thumbnails\/.*\.jpg"/)
  })

  it.each([
    [{ match: '**/*.jpg', except: ['thumbnails/**'], rendition: 'thumbnails/{name}.{ext}' }],
    [{ match: 'resources/medias/**/org.{jpg,jpeg,png}', rendition: '{dir}/w720.{ext}' }],
    [{ prefix: 'uploads/', rendition: 'out/{dir}/{name}.{ext}' }],
    [{ match: '*.png', rendition: '{name}.{format}' }],
  ])('cannot come from %j', (definition) => {
    expect(conflicts(definition)).toEqual([])
  })

  it.each([
    [{ match: '**/*.jpg', except: ['thumbnails/*'], rendition: 'thumbnails/{dir}/{name}.{ext}' }],
    [{ prefix: 'uploads/', rendition: '{dir}/{name}_128.{ext}' }],
    [{ match: '**/org*', rendition: '{dir}/{name}.{ext}' }],
    [{ match: '**', rendition: '{preset}' }],
    [{ match: '*.png', presets: ['q'], rendition: '{name}.{format}' }],
  ])('is seen in %j', (definition) => {
    expect(conflicts(definition)).toHaveLength(1)
    expect(conflicts({ ...definition, to: 'renditions' }, false)).toEqual([])
    expect(conflicts({ ...definition, to: 'originals' }, false)).toHaveLength(1)
  })

  it('is seen across two rules', () => {
    const rules = [
      rule({ name: 'a', prefix: 'a/', rendition: 'b/{name}.{ext}' }),
      rule({ name: 'b', prefix: 'b/', rendition: 'a/{name}.{ext}' }),
    ]
    expect(ruleConflicts(rules, presets, true).map((conflict) => conflict.rule)).toEqual(['a', 'b'])
  })

  it('never happens where none was reported', () => {
    const part = fc.constantFrom('a', 'b', 'a/b', 'a.jpg', 'b.png', '*', '**', '*.jpg')
    const template = fc
      .array(
        fc.constantFrom(
          '{dir}/',
          '{subdir}/',
          '{name}',
          '.{ext}',
          '{ext}',
          'a/',
          'b',
          '.{format}',
          '{preset}',
          '{dir}',
        ),
        { minLength: 1, maxLength: 4 },
      )
      .map((parts) => parts.join(''))
    const key = fc
      .array(fc.constantFrom('a', 'b', 'a.jpg', 'b.png', 'p'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/'))
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.array(part, { maxLength: 1 }),
        template,
        key,
        fc.constantFrom(...OUTPUT_FORMATS),
        (match, except, rendition, original, format) => {
          const one = rule({ match: match.join('/'), except, rendition, presets: ['q'] })
          fc.pre(ruleFor([one], original) !== undefined && ruleConflicts([one], presets, true).length === 0)
          expect(ruleFor([one], renditionKey(one, original, 'q', format))).toBeUndefined()
        },
      ),
      { numRuns: 800, maxSkipsPerRun: 1000 },
    )
  })

  it('of two presets on one key is refused', () => {
    expect(
      conflicts({ prefix: 'uploads/', presets: ['p', 'q'], rendition: 'out/{name}.{ext}' }, false)[0]?.message,
    ).toContain('{preset}')
    expect(
      conflicts({ prefix: 'uploads/', presets: ['p', 'q'], rendition: 'out/{preset}/{name}.{ext}' }, false),
    ).toEqual([])
  })
})

describe('owners', () => {
  const one = rule({ prefix: 'uploads/', ticket: 'uploads/{owner}/{id}/{filename}' }) as Rule & { ticket: string }

  it('are read back from every key that was made for them', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text.isWellFormed()),
        (owner) => {
          const key = ticketKey(one, { owner, id: '0a', filename: 'photo.jpg' })
          expect(ownerOf(one, key)).toBe(owner)
          expect(key.split('/')).toHaveLength(4)
          expect(key.startsWith(ownerPrefixes([one], owner)[0]!)).toBe(true)
        },
      ),
    )
    expect(ticketKey(one, { owner: '..', id: '0a', filename: 'x' })).toBe('uploads/%2E%2E/0a/x')
  })

  it('do not see each other where one name begins with the other', () => {
    expect(ownerPrefixes([one], 'al')).toEqual(['uploads/al/'])
  })

  it('of foreign keys come from the rule, else they are the operator', () => {
    const foreign = rule({ match: 'medias/**', owner: 'medias/{owner}/**' })
    expect(ownerOf(foreign, 'medias/ann/x/org.jpg')).toBe('ann')
    expect(ownerOf(foreign, 'medias/org.jpg')).toBe(OPERATOR)
    expect(ownerPrefixes([foreign], 'ann')).toEqual(['medias/ann/'])
  })

  it('name the extension of the upload where the template asks for it', () => {
    const medias = rule({ match: 'medias/**', ticket: 'medias/{owner}/{id}/org.{ext}' }) as Rule & { ticket: string }
    expect(ticketKey(medias, { owner: 'ann', id: '0a', filename: 'Photo.JPEG' })).toBe('medias/ann/0a/org.jpeg')
  })
})
