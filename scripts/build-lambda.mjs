// `npm run build:lambda`: the two Lambda functions as zip files in dist-lambda/, for each architecture; `--config <file>` goes into them.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { prepare, ROOT } from './prepare.mjs'
import { zipFolder } from './zip.mjs'

const { values: options } = parseArgs({
  options: {
    config: { type: 'string', default: 'thumbsmith.yaml' },
    out: { type: 'string', default: 'dist-lambda' },
    arch: { type: 'string', multiple: true, default: ['x64', 'arm64'] },
  },
})
const MAX_BYTES = 20_000_000
/** Without it and the optional fonts a zip with sharp, Skia and the emoji stays below 20 MB; Dela Gothic One draws all but rare Japanese characters. */
const LEFT_OUT = '@fontsource-variable/noto-sans-jp'
/** What a start reads, each with all that it imports in one file; by itself rolldown makes dozens, and each is looked for, read and compiled. */
const WHOLE = ['render/decoder', 'hosts/lambda-batch', 'storage/s3']
const modules = join(ROOT, 'node_modules')
const read = (path) => JSON.parse(readFileSync(path, 'utf8'))
const load = (path) => import(pathToFileURL(join(ROOT, 'dist', path)).href)

/** CommonJS, because an `import` of node:http reads each of its exports, and one of them loads a WebSocket client: some 40 ms in all. */
const asCommonJs = {
  name: 'as-commonjs',
  transform: (code) =>
    code
      .replaceAll('fileURLToPath(import.meta.resolve(path))', 'require.resolve(path)')
      .replace(/\bimport\((["'])(node:[\w/]+)\1\)/g, "Promise.resolve().then(() => require('$2'))"),
}

prepare()
// It comes with Vite, which builds the dashboard.
const { rolldown } = await import('rolldown')
const { buildConfig, builtPath } = await load('hosts/built-config.js')
const built = await buildConfig(options.config)
const out = resolve(options.out)
mkdirSync(out, { recursive: true })
const work = mkdtempSync(join(tmpdir(), 'thumbsmith-lambda-'))
try {
  const api = join(work, 'api')
  await layOut(api, ['hosts/lambda-api'])
  cpSync(join(ROOT, 'dist', 'web'), join(api, 'dist', 'web'), { recursive: true })
  // The dashboard sets titles while they are typed, and asks for these files.
  await addTitles(api)
  write('api', api)
  for (const arch of options.arch) {
    const render = join(work, `render-${arch}`)
    await layOut(render, ['hosts/lambda-render', 'render/child'])
    addSharp(render, arch)
    await addTitles(render)
    write(`render-${arch}`, render)
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** As in the package: our code two folders down, the rest in node_modules, the configuration on top. */
async function layOut(folder, entries) {
  for (const entry of entries) await bundleInto(folder, entry)
  const { name, version } = read(join(ROOT, 'package.json'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, type: 'commonjs' }))
  const config = join(folder, 'thumbsmith.yaml')
  cpSync(options.config, config)
  writeFileSync(builtPath(config), JSON.stringify(built))
  for (const path of Object.keys(built.beside)) cpSync(join(dirname(options.config), path), join(folder, path))
}

/** Each entry by itself, so that a process reads nothing of the other's. */
async function bundleInto(folder, entry) {
  const bundle = await rolldown({
    input: join(ROOT, 'dist', `${entry}.js`),
    platform: 'node',
    // The SDK's CommonJS comes first otherwise, of which nothing can be left out: it is read and compiled at each cold start.
    resolve: { mainFields: ['module', 'main'] },
    plugins: [asCommonJs],
    // The last three belong to the cluster, and are never asked for here.
    external: ['canvaskit-wasm', 'bullmq', 'ioredis', 'pg'],
    logLevel: 'warn',
  })
  await bundle.write({
    dir: join(folder, 'dist', 'hosts'),
    format: 'cjs',
    minify: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunk-[name]-[hash].js',
    codeSplitting: {
      groups: WHOLE.map((path, i) => ({
        name: basename(path),
        test: (id) => id === join(ROOT, 'dist', `${path}.js`),
        priority: WHOLE.length - i,
      })),
    },
  })
  await bundle.close()
}

/** Its binaries; its JavaScript is in the bundle. npm fetches those of the other architecture; their checksums stand in no lock file of ours, so the version is exact. */
function addSharp(folder, arch) {
  const { version } = read(join(modules, 'sharp', 'package.json'))
  const at = join(work, `sharp-${arch}`)
  mkdirSync(at)
  writeFileSync(join(at, 'package.json'), JSON.stringify({ private: true, dependencies: { sharp: version } }))
  const flags = ['--os=linux', `--cpu=${arch}`, '--libc=glibc', '--ignore-scripts', '--no-audit', '--no-fund']
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { status } = spawnSync(npm, ['install', '--loglevel=error', ...flags], { cwd: at, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`npm could not install sharp for ${arch}.`)
  cpSync(join(at, 'node_modules', '@img'), join(folder, 'node_modules', '@img'), { recursive: true })
}

/** Skia and the files of the fonts that titles are drawn with. The API only hands them out. */
async function addTitles(folder) {
  const copy = (path) => cpSync(join(modules, path), join(folder, 'node_modules', path), { recursive: true })
  for (const path of ['package.json', 'bin/canvaskit.js', 'bin/canvaskit.wasm']) copy(`canvaskit-wasm/${path}`)
  const [{ PACKAGES, readFaces }, { readPackageFile }] = await Promise.all([
    load('title/faces.js'),
    load('render/title.js'),
  ])
  const sources = PACKAGES.filter(({ optional }) => !optional)
  const faces = await Promise.all(sources.map((source) => readFaces(source, readPackageFile)))
  const paths = faces.flat().map((face) => face.path)
  const packages = new Set(paths.map((path) => path.split('/').slice(0, 2).join('/')))
  for (const name of packages) for (const file of ['package.json', 'unicode.json']) copy(`${name}/${file}`)
  for (const path of new Set(paths)) if (!path.startsWith(`${LEFT_OUT}/`)) copy(path)
  // It covers nothing here, so no title asks for its files.
  writeFileSync(join(folder, 'node_modules', LEFT_OUT, 'unicode.json'), '{}')
}

function write(name, folder) {
  const bytes = zipFolder(folder)
  const file = join(out, `${name}.zip`)
  writeFileSync(file, bytes)
  process.stdout.write(`${file} ${(bytes.length / 1e6).toFixed(1)} MB\n`)
  if (bytes.length > MAX_BYTES) throw new Error(`${name}.zip is larger than 20 MB.`)
}
