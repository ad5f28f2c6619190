import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseConfig } from './config.ts'
import { editorSchema } from './config-file.ts'
import { isOpenToAll, VARIABLES } from './settings.ts'

const yaml = readFileSync('thumbsmith.yaml', 'utf8')
const problems = (text: string, env: Record<string, string> = {}): string => {
  try {
    parseConfig(text, 'my.yaml', env)
  } catch (error) {
    expect(error).toMatchObject({ code: 'config.invalid' })
    return (error as Error).message
  }
  return ''
}
const file = (rules: string) => `presets:\n  a: { width: 10 }\n  b: { width: 20 }\nrules:\n${rules}`

describe('thumbsmith.yaml', () => {
  it('as shipped is valid, and its editor schema is the one in schema/', () => {
    expect(parseConfig(yaml, 'thumbsmith.yaml', {}).rules).toHaveLength(1)
    expect(readFileSync('schema/thumbsmith.schema.json', 'utf8')).toBe(editorSchema())
  })

  it.each([
    [
      'presets: {a: {width: x}}\nrules: [{name: r, match: "**", presets: [a]}]',
      /^my\.yaml:1: presets\.a\.width is "x": .*expected number/,
    ],
    [
      'presets:\n  a: {width: 10, colour: 3}\nrules: [{name: r, match: "**", presets: [a]}]',
      /^my\.yaml:2: presets\.a\.colour is 3: is no setting here/,
    ],
    [
      'presets:\n  a: {height: 5, fit: cover}\nrules: [{name: r, match: "**", presets: [a]}]',
      /needs both a width and a height/,
    ],
    [
      'presets: {a: {width: 10, background: red}}\nrules: [{name: r, match: "**", presets: [a]}]',
      /presets\.a\.background is "red": must be a colour/,
    ],
    [
      file('  - name: r\n    match: "a{b"\n    presets: [a]'),
      /^my\.yaml:6: rules\.0\.match is "a\{b": has a "\{" that nothing closes/,
    ],
    [
      file('  - name: r\n    match: "x/**"\n    presets: [a, c]'),
      /^my\.yaml:7: rules\.0\.presets\.1 is "c": there is no such preset\. Known are a, b/,
    ],
    [
      file('  - name: r\n    match: "x/**"\n    rendition: "{foo}"\n    presets: [a]'),
      /^my\.yaml:7: .*knows no \{foo\}; it may use \{dir\}/,
    ],
    [file('  - name: r\n    match: "x/**"\n    rendition: "{name}"\n    presets: [a, b]'), /both be written to "name"/],
    [
      file('  - name: r\n    match: "**"\n    to: originals\n    presets: [a]'),
      /^my\.yaml:5: .*could be taken for originals by rule "r" \(match "\*\*"/,
    ],
    [file('  - name: r\n    presets: [a]'), /matches nothing: give it a match, a prefix or extensions/],
    [
      file('  - name: r\n    match: "x/**"\n    presets: [a]\n    notify: [mail]'),
      /there is no such notifier\. Known are log/,
    ],
    [
      file('  - { name: r, match: "x/**", presets: [a] }\n  - { name: r, match: "y/**", presets: [a] }'),
      /^my\.yaml:6: rules\.1\.name is "r": is taken/,
    ],
    [
      file('  - name: r\n    match: "x/**"\n    presets: [constructor]\n    notify: [constructor, toString]'),
      /^my\.yaml:7: rules\.0\.presets\.0 is "constructor": must be another word/,
    ],
    [
      file('  - name: r\n    match: "x/**"\n    presets: [a]\n    notify: [toString]'),
      /^my\.yaml:8: rules\.0\.notify\.0 is "toString": there is no such notifier/,
    ],
    [
      'presets: {constructor: {width: 1}}\nrules: [{name: r, match: "**", presets: [constructor]}]',
      /presets\.constructor is .*: its name must be another word/,
    ],
    ['a: [', /^my\.yaml:1: /],
    ['', /^my\.yaml:1: the file is empty\. Write `presets:` and `rules:`/],
    ['# nothing\n', /the file is empty/],
    ['- a\n- b', /^my\.yaml:1: the file is a list\. Write `presets:`/],
    ['hello', /^my\.yaml:1: the file is a single value/],
    ['presets:\n\ta: {width: 10}', /^my\.yaml:2: a tab stands where the line is indented\. Indent it with spaces/],
    ['presets:\n  a: {width: 10}\n  "a": {}', /^my\.yaml:3: .*a.* stands here for the second time\. Remove one/],
    ['rules: []\n---\nrules: []', /^my\.yaml:2: a second document begins here\. Remove/],
    ['presets: !x {}', /^my\.yaml:1: Unresolved tag: !x\. Mend the line/],
    ['presets: {}', /^my\.yaml:1: rules: is missing\. Give it a list/],
    [
      file('  - name: r\n    match: **/*.jpg'),
      /^my\.yaml:6: "\*\*\/\*\.jpg" refers to an anchor that is not there.*quotes/,
    ],
    ['presets: &p\n  a: *p', /^my\.yaml:2: "\*p" refers to what it stands in/],
    [
      'a: &a [x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nd: [*c, *c, *c]',
      /^my\.yaml:3: "\*b" refers to what refers to others again/,
    ],
    [`a: &a x\nb: [${'*a,'.repeat(101)}]`, /^my\.yaml:2: "\*a" .* one of too many/],
  ])('%# names file, line, setting, value and mend', (text, message) => {
    expect(problems(text)).toMatch(message)
  })

  it('may use an anchor for what it repeats', () => {
    const config = parseConfig(
      file('  - { name: r, match: "x/**", presets: &all [a, b] }\n  - { name: s, match: "y/**", presets: *all }'),
      'x',
      {},
    )
    expect(config.rules[1]?.presets).toEqual(['a', 'b'])
  })

  it('makes `format: auto` several renditions of one preset, whose keys {format} must tell apart', () => {
    const auto = (key: string) =>
      `presets: {list: {width: 9, format: auto}, a: {width: 9}}\nrules: [{name: r, match: "in/**", presets: [list, a], rendition: "${key}"}]`
    const config = parseConfig(auto('out/{name}/{preset}.{format}'), 'my.yaml', {})
    expect(config.rules[0]?.presets).toEqual(['list', 'list.avif', 'list.webp', 'a'])
    expect(config.presets['list.avif']).toEqual({ ...config.presets.list, format: 'avif' })
    expect(problems(auto('out/{name}/{preset}'))).toContain('"list" and "list.avif" would both be written to')
    expect(problems(auto('out/{name}/{preset}'))).toContain('use {format} in "rendition"')
    expect(problems(auto('out/{name}.{format}'))).toContain('use {preset} in "rendition"')
  })

  it('takes the bytes of a watermark from a file beside it', () => {
    const marked = (image: string) =>
      `presets: {a: {width: 9, watermark: {image: "${image}"}}}\nrules: [{name: r, match: "**", presets: [a]}]`
    // A PNG of one pixel.
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const folder = mkdtempSync(join(tmpdir(), 'watermark-'))
    try {
      writeFileSync(join(folder, 'logo.png'), Buffer.from(png, 'base64'))
      writeFileSync(join(folder, 'logo.svg'), '<svg/>')
      const imageOf = (image: string) =>
        parseConfig(marked(image), join(folder, 'my.yaml'), {}).presets.a?.watermark?.image
      expect(imageOf('logo.png')).toBe(`data:;base64,${png}`)
      expect(imageOf('data:;base64,AA==')).toBe('data:;base64,AA==')
      for (const image of ['logo.svg', 'none.png', '../logo.png', join(folder, 'logo.png')])
        expect(() => imageOf(image)).toThrow(/^.*my\.yaml:1: presets\.a\.watermark\.image is ".*": is no PNG or WebP/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('takes the bytes of a font from a file beside it, if a title is set in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fonts-'))
    const fontOf = (path: string, font = 'brand') => {
      const text = `fonts: {brand: "${path}"}\npresets: {a: {width: 9, title: {font: ${font}}}}\nrules: [{name: r, match: "**", presets: [a]}]`
      const { title } = parseConfig(text, join(folder, 'my.yaml'), {}).presets.a!
      return typeof title === 'object' ? title.font : undefined
    }
    try {
      writeFileSync(join(folder, 'brand.woff2'), 'wOF2…')
      writeFileSync(join(folder, 'brand.svg'), '<svg/>')
      expect(fontOf('brand.woff2')).toBe(`data:;base64,${Buffer.from('wOF2…').toString('base64')}`)
      for (const path of ['brand.svg', 'none.ttf', '../brand.woff2'])
        expect(() => fontOf(path)).toThrow(/^.*my\.yaml:1: fonts\.brand is ".*": is no TTF, OTF or WOFF2/)
      expect(() => fontOf('brand.woff2', 'other')).toThrow(/presets\.a\.title\.font is "other": there is no such font/)
      expect(fontOf('none.ttf', '"data:;base64,AA=="')).toBe('data:;base64,AA==')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('reports every problem at once', () => {
    expect(problems('presets:\n  a: {width: -1, format: jpg}\nrules: []').split('\n')).toHaveLength(3)
  })

  it('sees the loop that comes from one folder for both stores', () => {
    const text = file('  - { name: r, match: "x/**", presets: [a], rendition: "{dir}/{name}.{ext}/{preset}" }')
    expect(problems(text)).toBe('')
    expect(problems(text, { THUMBSMITH_ORIGINALS: 'file:./d', THUMBSMITH_RENDITIONS: 'file:./d' })).toMatch(
      /could be taken for originals/,
    )
  })
})

describe('the environment', () => {
  it.each([
    [{ PORT: 'abc' }, 'PORT is "abc". Give a whole number from 0 to 65535.'],
    [{ THUMBSMITH_ORIGINAL: 'x' }, 'THUMBSMITH_ORIGINAL is no setting.'],
    [{ THUMBSMITH_SECRET: 'short' }, 'THUMBSMITH_SECRET is too short.'],
    [{ THUMBSMITH_LOG_LEVEL: 'loud' }, 'THUMBSMITH_LOG_LEVEL is "loud".'],
    [{ THUMBSMITH_PUBLIC_URL: 'example.com' }, 'THUMBSMITH_PUBLIC_URL holds "example.com".'],
    [{ HOST: '0.0.0.0' }, 'HOST is "0.0.0.0", which other machines can reach.'],
    [{ HOST: '0.0.0.0', THUMBSMITH_AUTH: 'none' }, 'which other machines can reach.'],
    [{ HOST: '0.0.0.0', THUMBSMITH_PUBLIC_URL: 'http://localhost:8080' }, 'which other machines can reach.'],
    [
      { HOST: '0.0.0.0', THUMBSMITH_AUTH: 'none', THUMBSMITH_PUBLIC_URL: 'https://pictures.example.com' },
      'which other machines can reach.',
    ],
    [{ THUMBSMITH_DECODERS: '0' }, 'THUMBSMITH_DECODERS is "0".'],
  ])('%j is refused by name', (env, message) => {
    expect(problems(yaml, env)).toContain(message)
  })

  it('must say so outright where everybody behind a proxy is the operator', () => {
    const env = { THUMBSMITH_PUBLIC_URL: 'https://pictures.example.com' }
    expect(problems(yaml, env)).toMatch(
      /^THUMBSMITH_PUBLIC_URL is an address for others, and THUMBSMITH_AUTH is not set/,
    )
    expect(isOpenToAll(parseConfig(yaml, 'x', { ...env, THUMBSMITH_AUTH: 'none' }))).toBe(true)
    expect(isOpenToAll(parseConfig(yaml, 'x', { ...env, THUMBSMITH_AUTH: 'jwt:?issuer=a&audience=b' }))).toBe(false)
    for (const url of ['', 'http://localhost:8080', 'http://127.0.0.1', 'http://[::1]:80'])
      expect(isOpenToAll(parseConfig(yaml, 'x', { THUMBSMITH_PUBLIC_URL: url }))).toBe(false)
  })

  it('is never repeated with a password in it', () => {
    for (const name of ['THUMBSMITH_PUBLIC_URL', 'THUMBSMITH_ALLOWED_ORIGINS']) {
      const told = problems(yaml, { [name]: 'https://ann:pass/w@rd@example.com/path' })
      expect(told).toMatch(new RegExp(`^${name} holds "https://…@example\\.com/path"`))
    }
  })

  it('may open the port to others once it says who may come in', () => {
    const env = {
      HOST: '0.0.0.0',
      THUMBSMITH_AUTH: 'jwt:?issuer=a&audience=b',
      THUMBSMITH_PUBLIC_URL: 'https://pictures.example.com',
    }
    expect(parseConfig(yaml, 'x', env).host).toBe('0.0.0.0')
  })

  it('may listen on every address of a container whose port leads to this machine only', () => {
    const env = { HOST: '0.0.0.0', THUMBSMITH_AUTH: 'none', THUMBSMITH_PUBLIC_URL: 'http://localhost:8080' }
    expect(parseConfig(yaml, 'x', env).host).toBe('0.0.0.0')
  })

  it('is documented in the README: every variable, its default and its meaning', () => {
    const readme = readFileSync('README.md', 'utf8')
    for (const [name, [value, meaning]] of Object.entries(VARIABLES))
      expect(readme).toContain(`| \`${name}\` | ${value && `\`${value}\``} | ${meaning.replaceAll('|', '\\|')} |`)
  })
})
