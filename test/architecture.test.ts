// The house's rules that a compiler does not hold: which way imports point, no cycles, no barrels, and what every file must look like.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const FOLDERS = ['src', 'web', 'scripts', 'bin', 'bench', 'examples', 'test']

/** The road itself, from what it runs on to what uses it. Every other file at the root of src that is no entry is a noun. */
const ROAD = [
  'road',
  'reconcile',
  'plan',
  'apply',
  'remove',
  'results',
  'sweep',
  'outbox',
  'catalogue',
  'feed',
  'cluster-feed',
  'rendition',
  'removals',
  'sentinel',
  'state',
]
const CLIENT = ['client', 'client-send']
/** The files of a folder that are its port: what the road knows of it. */
const PORTS: Record<string, string[]> = {
  storage: ['storage'],
  queue: ['queue'],
  cluster: ['cluster'],
  notify: ['notifier', 'notification'],
  auth: ['auth'],
  render: ['renderer'],
  event: ['event'],
}

/** What each part may import, besides itself; `port` stands for every port, `port of its own` for that of its folder. */
const MAY_IMPORT: Record<string, string[]> = {
  noun: [],
  port: ['noun'],
  driver: ['port of its own', 'noun'],
  title: ['noun'],
  engine: ['port of its own', 'title', 'noun'],
  road: ['port', 'noun'],
  http: ['road', 'port', 'noun'],
  config: ['noun'],
  host: ['config', 'http', 'road', 'engine', 'title', 'driver', 'port', 'noun'],
  client: ['noun', 'types of http'],
  web: ['title', 'noun', 'types of anything'],
}

/** Over 250 lines, and why that reads better than two files. */
const LONG_FILES: Record<string, string> = {}
const LINES_MAX = 250

interface Import {
  from: string
  /** A file of ours, relative to the repository, or a package's name. */
  to: string
  isType: boolean
  isDynamic: boolean
}

function filesUnder(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !file.includes('node_modules/'))
    .sort()
}

const isTest = (file: string) => /\.test\.tsx?$/.test(file)
const files = FOLDERS.flatMap(filesUnder)
const texts = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]))
/** The product: what the rules about imports hold for. Tests may reach anywhere. */
const product = files.filter((file) => /^(src|web)\//.test(file) && !isTest(file))

const STATIC = /^(?:import|export)\s+(type\s)?(?:(?:[\w$*\s,]|\{[^}]*\})+?\sfrom\s+)?'([^'\n]+)'/gm
const DYNAMIC = /(?<!typeof )\bimport\(\s*'([^']+)'\s*\)/g
const REEXPORT = /^export\s+(?:type\s)?(?:\*|\{[^}]*\}\s+from)/m

function importsOf(file: string): Import[] {
  const text = texts.get(file)!
  const found = (to: string, isType: boolean, isDynamic: boolean): Import => ({
    from: file,
    to: to.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(file), to))
          .split(sep)
          .join('/')
      : to,
    isType,
    isDynamic,
  })
  return [
    ...[...text.matchAll(STATIC)].map(([, type, to]) => found(to!, type !== undefined, false)),
    ...[...text.matchAll(DYNAMIC)].map(([, to]) => found(to!, false, true)),
  ]
}
const imports = product.flatMap(importsOf)

interface Part {
  part: string
  /** The folder of a port, or the vendor of a driver: `storage`, `storage/fs`. */
  unit: string
}

function partOf(file: string): Part {
  const [, folder, name] = /^src\/(?:([^/]+)\/)?(?:.*\/)?([^/]+)\.ts$/.exec(file) ?? []
  if (file.startsWith('web/')) return { part: 'web', unit: 'web' }
  if (name === undefined) return { part: 'unknown', unit: file }
  if (folder === undefined) {
    if (/^(config(-file)?|settings)$/.test(name)) return { part: 'config', unit: 'config' }
    if (CLIENT.includes(name)) return { part: 'client', unit: 'client' }
    return { part: ROAD.includes(name) ? 'road' : 'noun', unit: 'src' }
  }
  if (folder === 'http') return { part: 'http', unit: 'http' }
  if (folder === 'hosts') return { part: 'host', unit: 'hosts' }
  if (folder === 'title') return { part: 'title', unit: 'title' }
  // Pure rectangles: the dashboard lays proofs out with them.
  if (folder === 'render' && name === 'geometry') return { part: 'noun', unit: 'src' }
  if (PORTS[folder]?.includes(name)) return { part: 'port', unit: folder }
  if (folder === 'render') return { part: 'engine', unit: 'render' }
  // `fs-names` belongs to `fs`: drivers do not know one another.
  return { part: PORTS[folder] ? 'driver' : 'unknown', unit: `${folder}/${name.split('-')[0]}` }
}

function isAllowed({ from, to, isType }: Import): boolean {
  const [importer, imported] = [partOf(from), partOf(to)]
  const allowed = MAY_IMPORT[importer.part] ?? []
  if (importer.part === imported.part && (importer.part !== 'driver' || importer.unit === imported.unit)) return true
  if (isType && (allowed.includes('types of anything') || allowed.includes(`types of ${imported.part}`))) return true
  if (imported.part === 'port' && allowed.includes('port of its own'))
    return imported.unit === importer.unit.split('/')[0]
  return allowed.includes(imported.part)
}

const isOurs = ({ to }: Import) => texts.has(to)
const arrow = ({ from, to }: Import) => `${from} -> ${to}`

describe('imports', () => {
  it('are all understood by this test', () => {
    expect(product.length).toBeGreaterThan(80)
    expect(product.filter((file) => partOf(file).part === 'unknown')).toEqual([])
    const lost = imports.filter(({ to }) => /^(src|web)\/.*\.tsx?$/.test(to) && !texts.has(to))
    expect(lost.map(arrow)).toEqual([])
    // As many as a blunter search finds.
    for (const file of product)
      expect([
        file,
        texts.get(file)!.match(/^(import|export|\}) .*from '|^import '|(?<!typeof )\bimport\('/gm)?.length ?? 0,
      ]).toEqual([file, importsOf(file).length])
  })

  it('point one way: hosts, http, road, ports, nouns', () => {
    expect(imports.filter((one) => isOurs(one) && !isAllowed(one)).map(arrow)).toEqual([])
  })

  it('of drivers, of the configuration and of the environment stand in hosts only', () => {
    const guarded = imports.filter((one) => isOurs(one) && ['driver', 'config'].includes(partOf(one.to).part))
    const others = guarded.filter(
      ({ from, to }) => partOf(from).part !== 'host' && partOf(from).unit !== partOf(to).unit,
    )
    expect(others.map(arrow)).toEqual([])
    const readers = product.filter((file) => file.startsWith('src/') && /process\.env\b/.test(texts.get(file)!))
    expect(readers.filter((file) => partOf(file).part !== 'host')).toEqual([])
  })

  it('go in no circle, types included', () => {
    const next = new Map(
      product.map((file) => [
        file,
        importsOf(file)
          .filter(isOurs)
          .map(({ to }) => to),
      ]),
    )
    const circles: string[] = []
    const done = new Set<string>()
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      if (path.includes(file) || done.has(file)) return
      for (const to of next.get(file) ?? []) visit(to, [...path, file])
      done.add(file)
    }
    for (const file of product) visit(file, [])
    expect(circles).toEqual([])
  })

  it('never bring the decoder into the process of the API', () => {
    const loaded = new Set<string>()
    const load = (file: string): void => {
      if (loaded.has(file)) return
      loaded.add(file)
      if (texts.has(file)) for (const one of importsOf(file)) if (!one.isType) load(one.to)
    }
    load('src/hosts/server.ts')
    expect([...loaded]).toEqual(expect.arrayContaining(['src/http/app.ts', 'src/render/pool.ts', 'src/storage/fs.ts']))
    expect([...loaded].filter((name) => /^(sharp|canvaskit-wasm)(\/|$)/.test(name))).toEqual([])
  })

  it('lead to no barrel: only what package.json exports passes names on', () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      exports: Record<string, { default: string } | string>
    }
    const entries = Object.values(exports).flatMap((entry) =>
      typeof entry === 'string' ? [] : [entry.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')],
    )
    expect(entries.filter((file) => !texts.has(file))).toEqual([])
    const passing = product.filter((file) => REEXPORT.test(texts.get(file)!) || /(^|\/)index\.tsx?$/.test(file))
    expect(passing.filter((file) => !entries.includes(file))).toEqual([])
    expect(product.filter((file) => /^export \*/m.test(texts.get(file)!))).toEqual([])
  })
})

describe('every file', () => {
  const sources = files.filter((file) => !isTest(file))

  it('begins with one sentence about what it knows', () => {
    const opening = (file: string) => /^(?:#!.*\n)?((?:\/\/ .*\n)+)/.exec(texts.get(file)!)?.[1] ?? ''
    const silent = sources.filter(
      (file) => !/^\/\/ [A-Z`].{10,300}\.$/.test(opening(file).trim().replaceAll('\n', ' ')),
    )
    expect(silent).toEqual([])
  })

  it('can be read in one go', () => {
    const linesOf = (file: string) => texts.get(file)!.split('\n').length - 1
    expect(sources.filter((file) => linesOf(file) > LINES_MAX)).toEqual(Object.keys(LONG_FILES))
  })

  it('says what it is in its name', () => {
    const vague = /(^|[/-])(utils?|helpers?|common|managers?|services?|base|misc|shared)(-[^/]*)?\.(tsx?|mjs)$/
    // The one list of what the API is a function of.
    expect(files.filter((file) => vague.test(file))).toEqual(['src/http/services.ts'])
  })

  it('leaves nothing for later and skips no test', () => {
    const later = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`)
    expect(files.filter((file) => later.test(texts.get(file)!))).toEqual([])
    const quiet = /\b(?:it|test|describe)\.(?:skip|only|todo|fails)\b/
    // A contract names each case that a driver cannot pass, with the reason, in the output.
    expect(files.filter((file) => quiet.test(texts.get(file)!))).toEqual(['src/storage/contract.ts'])
  })
})
