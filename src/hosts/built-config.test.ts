// The configuration that a function is built with: it says what the file says, and never more than the file that lies beside it.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { inputsOf } from '../fingerprint.ts'
import { buildConfig, builtPath, readBuiltConfig } from './built-config.ts'

const FONT = join(import.meta.dirname, '../../node_modules/@fontsource/anton/files/anton-latin-400-normal.woff2')
const YAML = `
presets:
  plain: { width: 100, format: auto }
  titled: { width: 320, height: 180, fit: cover, watermark: { image: pictures/logo.png }, title: { font: own } }
fonts: { own: own.woff2 }
rules: [{ name: all, match: 'photos/**', presets: [plain, titled], rendition: 'photos/small/{preset}/{name}.{format}' }]
`
let folder: string
let file: string
let env: Record<string, string>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thumbsmith-built-'))
  file = join(folder, 'thumbsmith.yaml')
  env = { THUMBSMITH_CONFIG: file, THUMBSMITH_ORIGINALS: 's3://originals', THUMBSMITH_RENDITIONS: 's3://renditions' }
  mkdirSync(join(folder, 'pictures'))
  writeFileSync(join(folder, 'pictures', 'logo.png'), Buffer.from('89504e470d0a1a0a00', 'hex'))
  copyFileSync(FONT, join(folder, 'own.woff2'))
  writeFileSync(file, YAML)
  writeFileSync(builtPath(file), JSON.stringify(await buildConfig(file)))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Has the built configuration say what the file does not, so that one sees which was read. */
function mark(): void {
  const built = JSON.parse(readFileSync(builtPath(file), 'utf8'))
  built.said.limits.ticketSeconds = 77
  writeFileSync(builtPath(file), JSON.stringify(built))
}
const isBuilt = async () => (await readBuiltConfig(env)).limits.ticketSeconds === 77

test('is what the file says, and names the files that go with it', async () => {
  const [built, read] = [await readBuiltConfig(env), readConfig(env)]
  expect(built).toEqual(read)
  const original = { etag: 'e', title: 't', focus: undefined }
  for (const [name, preset] of Object.entries(read.presets))
    expect(inputsOf(built.presets[name]!, original)).toEqual(inputsOf(preset, original))
  expect(Object.keys((await buildConfig(file)).beside)).toEqual(['pictures/logo.png', 'own.woff2'])
  mark()
  expect(await isBuilt()).toBe(true)
})

test('is read anew where a file was changed since, is gone or was never built', async () => {
  mark()
  writeFileSync(file, `${YAML}# changed\n`)
  expect(await isBuilt()).toBe(false)
  writeFileSync(file, YAML)
  expect(await isBuilt()).toBe(true)
  writeFileSync(join(folder, 'pictures', 'logo.png'), Buffer.from('89504e470d0a1a0a01', 'hex'))
  expect(await readBuiltConfig(env)).toEqual(readConfig(env))
  expect(await isBuilt()).toBe(false)
  rmSync(join(folder, 'own.woff2'))
  await expect(readBuiltConfig(env)).rejects.toMatchObject({ code: 'config.invalid' })
  rmSync(builtPath(file))
  copyFileSync(FONT, join(folder, 'own.woff2'))
  expect(await readBuiltConfig(env)).toEqual(readConfig(env))
})

test('does not hide a loop: rules that share one store are asked again', async () => {
  env.THUMBSMITH_RENDITIONS = env.THUMBSMITH_ORIGINALS!
  await expect(readBuiltConfig(env)).rejects.toThrow('could be taken for originals')
})

test('cannot be built of a file that is wrong', async () => {
  writeFileSync(file, YAML.replace('width: 100', 'widht: 100'))
  await expect(buildConfig(file)).rejects.toThrow('widht')
})
