// The file thumbsmith.yaml: its schema, and what else must hold of what it says.
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { ThumbsmithError } from './errors.ts'
import { type Preset, presetNameOf, renditionsOf } from './preset.ts'
import { presetNameSchema, presetSchema } from './preset-schema.ts'
import { compileRule, type RuleDefinition, ruleConflicts } from './rule.ts'
import { ruleSchema } from './rule-schema.ts'
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

/** What the file says, checked and whole, as it could be kept in JSON. */
export interface ConfigFile {
  /** By rendition. */
  presets: Record<string, Preset>
  rules: RuleDefinition[]
  notifiers: Record<string, string>
  limits: z.infer<typeof limitsSchema>
  /** Those that it names and that presets hold, by their paths from its folder. */
  files: string[]
}

const invalid = (message: string) => new ThumbsmithError('config.invalid', message)

/** Throws `config.invalid` with every problem, one a line. `sameStore`: originals and renditions lie in one. */
export function parseFile(text: string, file: string, sameStore: boolean): ConfigFile {
  const yaml = parseYaml(text)
  if ('fault' in yaml) throw invalid(`${file}:${yaml.fault.line}: ${yaml.fault.message}`)

  const problems: string[] = []
  const files = new Set<string>()
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
      files.add(watermark.image)
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
    if (path !== undefined) files.add(path)
    const font = path && readAsData(dirname(file), path, TTF_OTF_OR_WOFF2, FONT_MAX_BYTES)
    if (path === undefined)
      report(['presets', name, 'title', 'font'], `there is no such font. Name its file under fonts.`)
    else if (font) title.font = font
    else report(['fonts', title.font], `is no TTF, OTF or WOFF2 of at most ${FONT_MAX_BYTES / 1e6} MB beside ${file}.`)
  }
  const renditions = renditionsOf(presets)
  const ofPreset = (name: string) => Object.keys(renditions).filter((rendition) => presetNameOf(rendition) === name)
  const rules = parsed.data.rules.map((rule) => ({ ...rule, presets: rule.presets.flatMap(ofPreset) }))
  if (!problems.length)
    for (const conflict of ruleConflicts(rules.map(compileRule), renditions, sameStore))
      report(['rules', rules.findIndex((rule) => rule.name === conflict.rule), 'rendition'], conflict.message)
  if (problems.length) throw invalid(problems.join('\n'))
  return { presets: renditions, rules, notifiers, limits, files: [...files] }
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
