// Presets: what `format: auto` becomes, what is refused, and that the README tells of every setting.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { outputFormatOf, presetNameOf, renditionsOf } from './preset.ts'
import { presetNameSchema, presetSchema, renditionNameSchema } from './preset-schema.ts'

test('`auto` gives one rendition for each format, named so that no preset can have that name', () => {
  const list = presetSchema.parse({ width: 720, format: 'auto' })
  const plain = presetSchema.parse({ width: 100 })
  const renditions = renditionsOf({ list, plain })
  expect(Object.entries(renditions).map(([name, { format }]) => [name, format])).toEqual([
    ['list', 'auto'],
    ['list.avif', 'avif'],
    ['list.webp', 'webp'],
    ['plain', 'jpeg'],
  ])
  expect(renditionsOf(renditions)).toEqual(renditions)
  expect(Object.keys(renditions).map(presetNameOf)).toEqual(['list', 'list', 'list', 'plain'])
  for (const name of Object.keys(renditions)) expect(renditionNameSchema.safeParse(name).success).toBe(true)
  expect(presetNameSchema.safeParse('list.avif').success).toBe(false)
  expect(outputFormatOf(list, { format: 'webp', hasAlpha: false })).toBe('jpeg')
  expect(outputFormatOf(list, { format: 'webp', hasAlpha: true })).toBe('png')
})

test.each([
  [{ width: 10, format: 'png', animation: true }, /only gif, webp and avif/],
  [{ width: 10, format: 'auto', animation: true }, /only gif, webp and avif/],
  [{ width: 10, format: 'auto', maxBytes: 5_000 }, /only jpeg, webp and avif/],
  [{ format: 'auto' }, /width, a height or both/],
])('%j is refused in words', (preset, words) => {
  expect(presetSchema.safeParse(preset).error?.issues[0]?.message).toMatch(words)
})

interface Setting {
  default?: unknown
  description?: string
  properties?: Record<string, Setting>
  anyOf?: Setting[]
}

/** `name`, its default and what it means; settings within a setting as `title.position`. */
function rowsOf(settings: Record<string, Setting>, prefix = ''): string[] {
  return Object.entries(settings).flatMap(([name, setting]) => {
    const value = setting.default === undefined ? '' : `\`${JSON.stringify(setting.default).replaceAll('"', '')}\``
    const inner = [setting, ...(setting.anyOf ?? [])].flatMap(({ properties }) => (properties ? [properties] : []))
    const row = `| \`${prefix}${name}\` | ${value} | ${setting.description?.replaceAll('|', '\\|')} |`
    return [row, ...inner.flatMap((properties) => rowsOf(properties, `${prefix}${name}.`))]
  })
}

test('the README has a row for every setting: its default and its meaning', () => {
  const { properties } = z.toJSONSchema(presetSchema, { io: 'input' }) as Setting
  const rows = rowsOf(properties!)
  expect(rows.length).toBeGreaterThan(15)
  expect(rows.filter((row) => row.includes('undefined'))).toEqual([])
  const readme = readFileSync('README.md', 'utf8')
  expect(rows.filter((row) => !readme.includes(row)).join('\n')).toBe('')
})
