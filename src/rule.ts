// A rule: which originals get which presets, and the key of each rendition. Matching, key templates, and the proof that no rule feeds another.
import type { z } from 'zod'
import { commonString, type Language, languageOf, literalFolder, matches, type Piece, parseGlob } from './glob.ts'
import { RESERVED_PREFIX } from './original.ts'
import { type Preset, presetNameOf } from './preset.ts'
import { FORMAT_EXTENSION, OUTPUT_FORMATS, type OutputFormat } from './preset-words.ts'
import type { ruleSchema } from './rule-schema.ts'

export type RuleDefinition = z.infer<typeof ruleSchema>

/** A rule made ready for matching. */
export interface Rule extends RuleDefinition {
  /** A key is the rule's if every one of `all` and none of `none` matches. */
  all: Language[]
  none: Language[]
  /** The fixed folder that all its keys lie in: empty or ending in `/`. */
  folder: string
}

/** The operator's own originals: those whose key names no owner. */
export const OPERATOR = 'operator'

export function compileRule(definition: RuleDefinition): Rule {
  const globs = definition.match === undefined ? [] : [definition.match].flat().map(parseGlob)
  const all: Language[] = []
  if (globs.length) all.push(languageOf([{ oneOf: globs }]))
  if (definition.prefix !== undefined) all.push(languageOf([{ literal: definition.prefix }, 'anything']))
  if (definition.extensions)
    all.push(languageOf(['anything', { literal: '.' }, { oneOf: definition.extensions.map(anyCase) }]))
  const folders = globs.map(literalFolder)
  if (definition.prefix !== undefined) folders.push(definition.prefix.slice(0, definition.prefix.lastIndexOf('/') + 1))
  const none = [RESERVED_PREFIX.concat('**'), ...definition.except].map((glob) => languageOf(parseGlob(glob)))
  return { ...definition, all, none, folder: commonFolder(folders) }
}

const anyCase = (text: string): Piece[] =>
  [...text].map((char) => ({ oneOf: [[{ literal: char }], [{ literal: char.toUpperCase() }]] }))

function commonFolder(folders: string[]): string {
  if (!folders.length) return ''
  const [first, ...rest] = folders.map((folder) => folder.split('/').slice(0, -1))
  const shared = first!.findIndex((segment, i) => rest.some((other) => other[i] !== segment))
  return (shared === -1 ? first! : first!.slice(0, shared)).map((segment) => `${segment}/`).join('')
}

/** The first rule that takes this key, as an owner reads the list. */
export function ruleFor(rules: Rule[], key: string): Rule | undefined {
  return rules.find(
    (rule) =>
      rule.all.every((language) => matches(language, key)) && !rule.none.some((language) => matches(language, key)),
  )
}

interface KeyParts {
  dir: string
  name: string
  ext: string
}

function partsOf(key: string): KeyParts {
  const slash = key.lastIndexOf('/')
  const base = key.slice(slash + 1)
  const dot = base.lastIndexOf('.')
  return {
    dir: key.slice(0, Math.max(slash, 0)),
    name: dot > 0 ? base.slice(0, dot) : base,
    ext: dot > 0 ? base.slice(dot + 1) : '',
  }
}

/** The key of one rendition. An empty {dir}, {subdir} or {ext} takes its `/` or `.` with it. */
export function renditionKey(rule: Rule, originalKey: string, preset: string, format: OutputFormat): string {
  const { dir, name, ext } = partsOf(originalKey)
  const subdir = `${dir}/`.slice(rule.folder.length).replace(/\/$/, '')
  const values: Record<string, string> = {
    dir,
    subdir,
    name,
    ext,
    preset: presetNameOf(preset),
    format: FORMAT_EXTENSION[format],
  }
  return rule.rendition
    .replace(/\{(dir|subdir)\}\//g, (_, variable: string) => (values[variable] ? `${values[variable]}/` : ''))
    .replace(/\.\{ext\}/g, ext ? `.${ext}` : '')
    .replace(/\{(\w+)\}/g, (_, variable: string) => values[variable]!)
}

/** Every key that a rule's renditions could have, and perhaps some more: safe to reason with. */
function renditionLanguage(rule: Rule, presets: Record<string, Preset>): Language {
  const folder = (variable: string): Piece[] => {
    const start: Piece[] = variable === 'dir' ? [{ literal: rule.folder }] : []
    return [...start, { oneOf: [[], ['anything', { literal: '/' }]] }]
  }
  const pieces = rule.rendition.split(/(\{(?:dir|subdir)\}\/|\{\w+\})/).map((part): Piece[] => {
    const variable = /^\{(\w+)\}/.exec(part)?.[1]
    if (variable === undefined) return [{ literal: part }]
    if (part.endsWith('/')) return folder(variable)
    if (variable === 'preset') return [{ oneOf: rule.presets.map((preset) => [{ literal: presetNameOf(preset) }]) }]
    if (variable === 'format')
      return [
        { oneOf: rule.presets.flatMap((preset) => extensionsOf(presets[preset])).map((ext) => [{ literal: ext }]) },
      ]
    return [variable === 'dir' || variable === 'subdir' ? 'anything' : 'segment']
  })
  // `.{ext}` vanishes with an empty extension, so its dot must be optional here too.
  const flat = pieces
    .flat()
    .flatMap((piece, i, list): Piece[] =>
      typeof piece === 'object' && 'literal' in piece && piece.literal.endsWith('.') && list[i + 1] === 'segment'
        ? [{ literal: piece.literal.slice(0, -1) }, { oneOf: [[], [{ literal: '.' }]] }]
        : [piece],
    )
  return languageOf(flat)
}

const extensionsOf = (preset: Preset | undefined): string[] =>
  formatsOf(preset).map((format) => FORMAT_EXTENSION[format])

function formatsOf(preset: Preset | undefined): readonly OutputFormat[] {
  if (preset === undefined || preset.format === 'same') return OUTPUT_FORMATS
  return preset.format === 'auto' ? ['jpeg', 'png'] : [preset.format]
}

/**
 * What is wrong between rules: a rendition that could be an original again in the same store (a loop), and presets of one rule that
 * share a key. Returns sentences; empty is proof that there is no loop.
 */
export function ruleConflicts(
  rules: Rule[],
  presets: Record<string, Preset>,
  sameStore: boolean,
): { rule: string; message: string }[] {
  const conflicts: { rule: string; message: string }[] = []
  for (const rule of rules) {
    if (rule.to === 'originals' || sameStore) {
      const output = renditionLanguage(rule, presets)
      for (const other of rules) {
        const common = commonString([output, ...other.all], other.none)
        if (common === undefined) continue
        const example =
          common === 'undecided' ? 'it cannot be proved that they never meet' : `for example "${common.example}"`
        conflicts.push({
          rule: rule.name,
          message: `its renditions "${rule.rendition}" could be taken for originals by rule "${other.name}" (${describePattern(other)}): ${example}. Give the renditions a folder of their own and name it under "except", or send them to another store`,
        })
      }
    }
    for (const [i, first] of rule.presets.entries())
      for (const second of rule.presets.slice(i + 1)) {
        const shared = sharedKey(rule, presets, first, second)
        if (shared !== undefined)
          conflicts.push({
            rule: rule.name,
            message: `its presets "${first}" and "${second}" would both be written to "${shared}": use ${presetNameOf(first) === presetNameOf(second) ? '{format}' : '{preset}'} in "rendition"`,
          })
      }
  }
  return conflicts
}

function sharedKey(rule: Rule, presets: Record<string, Preset>, first: string, second: string): string | undefined {
  const keys = (preset: string) =>
    OUTPUT_FORMATS.filter((format) => extensionsOf(presets[preset]).includes(FORMAT_EXTENSION[format])).map((format) =>
      renditionKey(rule, `${rule.folder}name.ext`, preset, format),
    )
  const taken = keys(first)
  return keys(second).find((key) => taken.includes(key))
}

export function describePattern(rule: RuleDefinition): string {
  const parts = [
    rule.match && `match ${JSON.stringify(rule.match)}`,
    rule.prefix && `prefix "${rule.prefix}"`,
    rule.extensions && `extensions ${rule.extensions.join(', ')}`,
    rule.except.length && `except ${JSON.stringify(rule.except)}`,
  ]
  return parts.filter(Boolean).join(', ')
}

/** The key for a new upload under a rule that offers tickets. */
export function ticketKey(
  rule: Rule & { ticket: string },
  upload: { owner: string; id: string; filename: string },
): string {
  const ext = partsOf(upload.filename)
    .ext.toLowerCase()
    .replace(/[^a-z0-9]/g, '')
  const values: Record<string, string> = {
    owner: ownerSegment(upload.owner),
    id: upload.id,
    filename: upload.filename,
    ext,
  }
  return rule.ticket
    .replace(/\.\{ext\}/g, ext ? `.${ext}` : '')
    .replace(/\{(\w+)\}/g, (_, variable: string) => values[variable]!)
}

/** An owner as one segment of a key, whatever the issuer calls its people (`auth0|17`, `a/b`, `..`). */
function ownerSegment(owner: string): string {
  return encodeURIComponent(owner).replace(/^\.+$/, (dots) => dots.replaceAll('.', '%2E'))
}

/** Whose original this key is: from the ticket's or the rule's own template, else the operator's. */
export function ownerOf(rule: Rule, key: string): string {
  for (const template of [rule.ticket, rule.owner]) {
    if (!template?.includes('{owner}')) continue
    const owner = templateExpression(template).exec(key)?.groups?.owner
    if (owner === undefined) continue
    try {
      return decodeURIComponent(owner)
    } catch {
      return owner
    }
  }
  return OPERATOR
}

function templateExpression(template: string): RegExp {
  const source = template
    .split(/(\{\w+\}|\*\*|\*)/)
    .map((part) =>
      part === '{owner}'
        ? '(?<owner>[^/]+)'
        : part === '**'
          ? '.*'
          : /^(\{\w+\}|\*)$/.test(part)
            ? '[^/]*'
            : part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'),
    )
  return new RegExp(`^${source.join('')}$`, 's')
}

/** The key prefixes under which an owner's originals lie, for listing: those of the templates that name the owner. */
export function ownerPrefixes(rules: Rule[], owner: string): string[] {
  const prefixes = rules
    .flatMap((rule) => [rule.ticket, rule.owner])
    .flatMap((template) => {
      const [before, after] = template?.split('{owner}') ?? []
      return after === undefined ? [] : [before + ownerSegment(owner) + after.replace(/[{*].*$/s, '')]
    })
  return [...new Set(prefixes)]
}
