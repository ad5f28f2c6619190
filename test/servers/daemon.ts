// Daemons for tests: Debian packages installed where they are missing, free loopback ports, started by hand and ended by their ids.
import { type ChildProcess, execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const STOP_TIMEOUT_MS = 5_000

export const run = promisify(execFile)

/** Where this is root, installs what is missing; else says what to install. `folders` are looked through besides the PATH. */
export async function ensureInstalled(binaries: string[], packages: string[], folders: string[] = []): Promise<void> {
  const places = [...(process.env.PATH ?? '').split(':'), ...folders]
  if (binaries.every((name) => places.some((folder) => existsSync(join(folder, name))))) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // Another test may be installing at this moment.
  const apt = (...args: string[]) =>
    run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], { env, maxBuffer: 1 << 26 })
  try {
    await apt('update')
    await apt('install', '-y', '--no-install-recommends', ...packages)
  } catch (error) {
    throw new Error(`Install these Debian packages: ${packages.join(' ')}`, { cause: error })
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function until(what: string, isSo: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(50))
    if (await isSo().catch(() => false)) return
  throw new Error(`Waited ${timeoutMs} ms in vain until ${what}.`)
}

export async function endDaemon(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(force)
}
