// AWS on this machine: ministack from PyPI in a virtual environment of its own, which runs functions from their zip files in real processes.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endDaemon, freePort } from './daemon.ts'

const VERSION = '1.5.33'
/** With it the emulator checks signatures of RS256, as an authorizer of API Gateway does. */
const CRYPTOGRAPHY = '50.0.2'
const START_TIMEOUT_MS = 30_000

export async function startMinistack(): Promise<{ endpoint: string; log(): string; stop(): Promise<void> }> {
  const environment = await install()
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const folder = await mkdtemp(join(tmpdir(), 'thumbsmith-ministack-run-'))
  let said = ''
  const child = spawn(join(environment, 'bin/python'), ['-m', 'ministack'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // It leaves the processes of its functions behind, so its whole group is ended.
    detached: true,
    env: {
      // Functions run on the Node that runs the tests.
      PATH: dirname(process.execPath) + delimiter + (process.env.PATH ?? ''),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: 'localhost',
      GATEWAY_PORT: String(port),
      LAMBDA_EXECUTOR: 'local',
      // Signatures and policies are checked, so that a role which allows too little fails here too.
      AUTH: 'true',
      TMPDIR: folder,
    },
  })
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const stop = async () => {
    await endDaemon(child)
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // Nobody is left in it.
    }
    await rm(folder, { recursive: true, force: true })
  }
  for (const deadline = Date.now() + START_TIMEOUT_MS; !(await isUp(endpoint)); await sleep(100))
    if (Date.now() > deadline || child.exitCode !== null) {
      await stop()
      throw new Error(`ministack did not start:\n${said.slice(-2000)}`)
    }
  return { endpoint, log: () => said, stop }
}

/** Kept between runs. */
async function install(): Promise<string> {
  const environment = join(tmpdir(), `thumbsmith-ministack-${VERSION}-${CRYPTOGRAPHY}`)
  const stamp = join(environment, 'installed')
  if (existsSync(stamp)) return environment
  await rm(environment, { recursive: true, force: true })
  execFileSync('python3', ['-m', 'venv', environment])
  const packages = [`ministack==${VERSION}`, `cryptography==${CRYPTOGRAPHY}`]
  execFileSync(join(environment, 'bin/python'), ['-m', 'pip', 'install', '--quiet', ...packages])
  await mkdir(`${stamp}.next`)
  await rename(`${stamp}.next`, stamp)
  return environment
}

const isUp = (endpoint: string) =>
  fetch(endpoint).then(
    async (answer) => {
      await answer.body?.cancel()
      return true
    },
    () => false,
  )
