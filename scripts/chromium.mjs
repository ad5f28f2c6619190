// The browser of the tests: a system Chromium, else the one Playwright downloads, else the Debian package.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ROOT } from './prepare.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

function installed() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const candidates = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...PLACES]
  return [process.env.CHROMIUM_PATH, ...candidates].find((path) => path && existsSync(path))
}

async function playwrights() {
  const { chromium } = await import('playwright-core')
  const path = () => (existsSync(chromium.executablePath()) ? chromium.executablePath() : undefined)
  if (path()) return path()
  const cli = join(ROOT, 'node_modules', 'playwright-core', 'cli.js')
  spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: ['ignore', 2, 2], timeout: 120_000 })
  return path()
}

function debians() {
  const apt = (...args) =>
    spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  if (process.platform !== 'linux' || apt('--version').error) return undefined
  apt('update')
  apt('install', '-y', '--no-install-recommends', 'chromium')
  return installed()
}

/** The path of a Chromium, installed now if there is none. Ends the process with a sentence where none can be had. */
export async function ensureChromium() {
  const path = installed() ?? (await playwrights()) ?? debians()
  if (path) return path
  process.stderr.write(
    'The browser tests need Chromium, and none could be installed. Install it, or name one in CHROMIUM_PATH.\n',
  )
  process.exit(1)
}
