// A real S3 server for tests: Debian's Ceph on one machine (monitor, manager, one disk in memory, gateway), on free loopback ports.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const PACKAGES = ['ceph-mon', 'ceph-mgr', 'ceph-osd', 'radosgw', 'ceph-common']
const BINARIES = ['ceph-mon', 'ceph-mgr', 'ceph-osd', 'radosgw', 'ceph', 'radosgw-admin']
const START_TIMEOUT_MS = 90_000
const STOP_TIMEOUT_MS = 5_000

export interface Radosgw {
  /** `http://127.0.0.1:…`: S3, and SNS for the topics of notifications. */
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  /** Ends every daemon by its id and removes what they wrote. */
  stop: () => Promise<void>
}

/** Starts a new, empty server in about 15 s and 450 MB. Where the Debian packages are missing and this is root, installs them. */
export async function startRadosgw(): Promise<Radosgw> {
  await ensureInstalled()
  const folder = await mkdtemp(join(tmpdir(), 'radosgw-'))
  const daemons: ChildProcess[] = []
  const stop = async () => {
    await Promise.all(daemons.toReversed().map(endDaemon))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const endpoint = await startDaemons(folder, daemons)
    return { endpoint, region: 'us-east-1', accessKeyId: 'TESTKEY', secretAccessKey: 'TESTSECRET', stop }
  } catch (error) {
    const log = await readFile(join(folder, 'daemons.log'), 'utf8').catch(() => '')
    await stop()
    throw new Error(`radosgw did not start: ${String(error)}\n${log.slice(-4000)}`, { cause: error })
  }
}

const run = promisify(execFile)

async function ensureInstalled(): Promise<void> {
  const folders = (process.env.PATH ?? '').split(':')
  if (BINARIES.every((name) => folders.some((folder) => existsSync(join(folder, name))))) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { env, maxBuffer: 1 << 26 }
  try {
    await run('apt-get', ['update'], options)
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...PACKAGES], options)
  } catch (error) {
    throw new Error(`Install these Debian packages: ${PACKAGES.join(' ')}`, { cause: error })
  }
}

async function startDaemons(folder: string, daemons: ChildProcess[]): Promise<string> {
  const [monitor2 = 0, monitor1 = 0, gateway = 0] = await freePorts(3)
  const cluster = randomUUID()
  const keyring = join(folder, 'keyring')
  const config = join(folder, 'ceph.conf')
  for (const name of ['mon', 'mgr', 'osd', 'rgw', 'run']) await mkdir(join(folder, name))
  await writeFile(config, configuration({ folder, cluster, monitor2, monitor1, gateway }))
  const log = await open(join(folder, 'daemons.log'), 'a')
  const tool = (name: string, ...args: string[]) =>
    run(name, args, { env: { ...process.env, CEPH_CONF: config }, timeout: START_TIMEOUT_MS })
  const daemon = async (name: string, ...args: string[]) => {
    const child = spawn(name, ['-c', config, ...args, '-f'], { stdio: ['ignore', log.fd, log.fd] })
    child.on('error', () => {})
    daemons.push(child)
    await writeFile(join(folder, `${name}.pid`), String(child.pid))
  }
  const status = async () => (await run('ceph', ['-c', config, '--connect-timeout', '3', '-s'])).stdout

  await tool('ceph-authtool', '-C', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *')
  const caps = ['mon', 'osd', 'mgr', 'mds'].flatMap((part) => ['--cap', part, 'allow *'])
  for (const name of ['client.admin', 'client.rgw.a', 'osd.0', 'mgr.x'])
    await tool('ceph-authtool', keyring, '--gen-key', '-n', name, ...caps)
  const map = join(folder, 'monmap')
  const address = `[v2:127.0.0.1:${monitor2},v1:127.0.0.1:${monitor1}]`
  await tool('monmaptool', '--create', '--fsid', cluster, '--addv', 'a', address, map)
  await tool('ceph-mon', '-c', config, '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring)
  await daemon('ceph-mon', '-i', 'a')
  await until('the monitor', async () => (await status()) !== '')
  await daemon('ceph-mgr', '-i', 'x')
  const disk = randomUUID()
  await tool('ceph', '-c', config, 'osd', 'new', disk, '0')
  await tool('ceph-osd', '-c', config, '-i', '0', '--mkfs', '--osd-uuid', disk)
  await daemon('ceph-osd', '-i', '0')
  await until('the disk', async () => (await status()).includes('1 up'))
  await daemon('radosgw', '-n', 'client.rgw.a')
  const endpoint = `http://127.0.0.1:${gateway}`
  await until('the gateway', async () => (await fetch(endpoint)).ok)
  const keys = ['--access-key=TESTKEY', '--secret=TESTSECRET']
  await tool('radosgw-admin', '-c', config, 'user', 'create', '--uid=t', '--display-name=t', ...keys)
  await log.close()
  return endpoint
}

/** One disk in memory and one copy of everything. A "day" of a lifecycle rule is ten seconds. */
function configuration(of: {
  folder: string
  cluster: string
  monitor2: number
  monitor1: number
  gateway: number
}): string {
  const { folder } = of
  return `[global]
fsid = ${of.cluster}
mon initial members = a
mon host = [v2:127.0.0.1:${of.monitor2},v1:127.0.0.1:${of.monitor1}]
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd pool default pg num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon data avail warn = 1
ms bind ipv6 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = ${folder}/run
keyring = ${folder}/keyring
log file = ${folder}/$name.log
admin socket = ${folder}/run/$name.asok
pid file = ${folder}/run/$name.pid
mon data = ${folder}/mon/a
mgr data = ${folder}/mgr
mgr initial modules =
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 8589934592
[client.rgw.a]
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${of.gateway}
rgw enable apis = s3, admin, notifications
rgw dns name = localhost
rgw lc debug interval = 10
`
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
      }),
  )
  const found = await Promise.all(ports)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return found
}

async function until(what: string, isReady: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(300))
    if (await isReady().catch(() => false)) return
  throw new Error(`${what} does not answer`)
}

async function endDaemon(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(force)
}

// `node test/servers/radosgw.ts` runs one until it is told to stop.
if (import.meta.main) {
  const { stop, ...access } = await startRadosgw()
  process.stdout.write(`${JSON.stringify(access)}\n`)
  const end = () => void stop().then(() => process.exit(0))
  process.once('SIGINT', end).once('SIGTERM', end)
}
