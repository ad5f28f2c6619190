// Makes a clone ready: installs what package-lock.json names and builds, each only when something it depends on has changed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
export const BIN = join(ROOT, 'node_modules', '.bin')
const BUILD_INPUTS = ['src', 'web', 'package.json', 'tsconfig.json', 'tsconfig.build.json']

/** All that the product needs; with `tests` also what only they need. Ends the process with a sentence where a step fails. */
export function prepare({ tests = false } = {}) {
  install({ tests })
  build()
}

/** What only the tests need is a workspace of its own. */
export function install({ tests }) {
  const wanted = hash([join(ROOT, 'package-lock.json')])
  const stamp = join(ROOT, 'node_modules', tests ? '.thumbsmith-tests' : '.thumbsmith-base')
  const stamps = [stamp, join(ROOT, 'node_modules', '.thumbsmith-tests')]
  if (stamps.some((file) => existsSync(file) && readFileSync(file, 'utf8') === wanted)) return
  say('Installing what it needs (once)...')
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(tests ? [] : ['--workspaces=false'])]
  run('npm', args, 'npm could not install the dependencies; what it said stands above.')
  writeFileSync(stamp, wanted)
}

function build() {
  const wanted = hash(BUILD_INPUTS.map((path) => join(ROOT, path)))
  const stamp = join(ROOT, 'dist', '.stamp')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('Building...')
  const next = join(ROOT, 'dist.next')
  rmSync(next, { recursive: true, force: true })
  mkdirSync(next)
  const tool = (path) => join(ROOT, 'node_modules', path)
  const typescript = [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', next]
  run(node(), typescript, 'The build failed; what the compiler said stands above.')
  const vite = [
    tool('vite/bin/vite.js'),
    'build',
    '--config',
    'web/vite.config.ts',
    '--outDir',
    join(next, 'web'),
    '--logLevel',
    'warn',
  ]
  run(node(), vite, 'The dashboard could not be built; the reason stands above.')
  writeFileSync(join(next, '.stamp'), wanted)
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
  renameSync(next, join(ROOT, 'dist'))
}

/** What these files and folders hold; tests and the like do not count. */
function hash(paths) {
  const sum = createHash('sha256')
  const add = (path) => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name))
    else if (!/\.test\.tsx?$/.test(path)) sum.update(path.slice(ROOT.length)).update(readFileSync(path))
  }
  for (const path of paths) add(path)
  return sum.digest('hex')
}

/** Runs one step in the clone's folder; its words go to standard error, so that nothing mixes with the program's own output. */
export function run(command, args, failure) {
  const windows = process.platform === 'win32' && command === 'npm'
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], shell: windows })
  if (status === 0) return
  process.stderr.write(`${failure}${error ? ` (${error.message})` : ''}\n`)
  process.exit(1)
}

/** Tests, benches and the like run on the Node that comes with them; the product itself on whatever started this. */
export function developmentNode() {
  const installed = join(ROOT, 'node_modules', 'node', 'bin', 'node')
  return existsSync(installed) ? installed : process.execPath
}

/** This Node, unless it was the one inside the node_modules that have just been replaced. */
const node = () => (existsSync(process.execPath) ? process.execPath : 'node')

const say = (text) => process.stderr.write(`${text}\n`)
