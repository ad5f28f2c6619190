// Who owns a folder: one process at a time, told by a lock file that outlives no process.
import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ThumbsmithError } from '../errors.ts'
import { errnoOf, ifThere } from './fs-durable.ts'

const BEAT_MS = 5_000
/** A process on another machine (or in another container) cannot be looked at: it is dead when its lock was not touched for so long. */
const SILENT_MS = 30_000

interface Owner {
  id: string
  pid: number
  host: string
  /** When the process started, where that can be known: process ids are used again. */
  started: string | undefined
}

/** Takes the folder's lock at `path`, or throws `storage.unavailable` naming its owner. Returns how to give it back. */
export async function takeLock(path: string, root: string): Promise<() => Promise<void>> {
  const me: Owner = { id: randomUUID(), pid: process.pid, host: hostname(), started: await startOf(process.pid) }
  for (let unreadable = 0; !(await createLock(path, me)); ) {
    const found = await readLock(path)
    if (!found) continue
    if (!found.owner && unreadable++ < 5) await sleep(50)
    else if (found.owner && (await isAlive(found.owner, found.touched))) throw inUse(root, path, found.owner, me)
    else await removeStale(path, found.text)
  }
  const beat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, BEAT_MS)
  beat.unref()
  return async () => {
    clearInterval(beat)
    if ((await readLock(path))?.owner?.id === me.id) await rm(path, { force: true })
  }
}

/** The process that owns the lock at `path` now: `process 17 on laptop`. */
export async function ownerOfLock(path: string): Promise<string | undefined> {
  const found = await readLock(path)
  if (!found?.owner || !(await isAlive(found.owner, found.touched))) return undefined
  return `process ${found.owner.pid} on ${found.owner.host}`
}

async function createLock(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx' })
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

interface FoundLock {
  text: string
  touched: number
  /** Absent while another process is just writing it, or after a power cut. */
  owner: Owner | undefined
}

async function readLock(path: string): Promise<FoundLock | undefined> {
  const text = await ifThere(readFile(path, 'utf8'))
  const stats = await ifThere(stat(path))
  if (text === undefined || !stats) return undefined
  try {
    return { text, touched: stats.mtimeMs, owner: JSON.parse(text) as Owner }
  } catch {
    return { text, touched: stats.mtimeMs, owner: undefined }
  }
}

async function isAlive(owner: Owner, touched: number): Promise<boolean> {
  if (owner.host !== hostname()) return Date.now() - touched < SILENT_MS
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') return false
  }
  const started = await startOf(owner.pid)
  return started === undefined || owner.started === undefined || started === owner.started
}

/** Linux tells: the boot's id and the process's start in ticks since then. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  const [boot, line] = await Promise.all([
    ifThere(readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
    ifThere(readFile(`/proc/${pid}/stat`, 'utf8')),
  ])
  const ticks = line?.slice(line.lastIndexOf(')') + 2).split(' ')[19]
  return ticks === undefined ? undefined : `${boot?.trim()}:${ticks}`
}

/** Two processes may find the same stale lock: whoever moves away a fresh one puts it back. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  if ((await ifThere(rename(path, aside).then(() => true))) !== true) return
  const text = await readFile(aside, 'utf8')
  if (text === stale) await rm(aside, { force: true })
  else await rename(aside, path)
}

function inUse(root: string, path: string, owner: Owner, me: Owner): ThumbsmithError {
  const isMine = owner.pid === me.pid && owner.host === me.host
  const who = isMine ? `this process (${me.pid}) already` : `process ${owner.pid} on ${owner.host}`
  const mend = `Stop that process first. If you are sure that nothing uses the folder, delete ${path}.`
  return new ThumbsmithError('storage.unavailable', `The folder ${root} is in use by ${who}. ${mend}`)
}
