// What other programs do in the folder: files they create, change or remove, told once they have stopped changing.
import { dirname, join, relative, sep } from 'node:path'
import { watch } from 'chokidar'
import { errnoOf, statIfThere } from './fs-durable.ts'
import { foreignNames } from './fs-list.ts'
import { keyOfNames, RESERVED_FOLDER, renaming } from './fs-names.ts'
import { identityOf } from './fs-records.ts'
import type { StoreEvent } from './storage.ts'

export const REMOVED = 'removed'

export interface WatchOptions {
  /** A file counts as written when its size and time have been the same for so long. */
  stableMs: number
  /** Whether the driver itself brought the key into this state: a file's identity, or `REMOVED`. Asked once per state that is seen. */
  isOwn: (key: string, identity: string) => boolean
  onEvent: (event: StoreEvent) => void
  /** Told of what stands there and is no object, and why. */
  onStrange: (path: string, why: string) => void
  onWarning: (message: string) => void
}

/** Resolves when everything there is being watched. What stands there already is not told. */
export async function watchFolder(root: string, options: WatchOptions): Promise<() => Promise<void>> {
  const waiting = new Map<string, NodeJS.Timeout>()
  let isClosed = false
  const watcher = watch(root, {
    ignored: (path) => relative(root, path).split(sep)[0] === RESERVED_FOLDER,
    ignoreInitial: true,
    followSymlinks: false,
    ignorePermissionErrors: true,
    atomic: false,
  })

  /** Looks again until two looks see the same; what was removed may also be just being replaced. */
  async function look(path: string, before: string | undefined): Promise<void> {
    const stats = await statIfThere(path)
    const identity = stats?.isFile() ? identityOf(stats) : REMOVED
    clearTimeout(waiting.get(path))
    waiting.delete(path)
    if (isClosed) return
    if (identity !== before) waiting.set(path, setTimeout(lookAt, options.stableMs, path, identity))
    else tell(path, identity)
  }
  function lookAt(path: string, before?: string): void {
    look(path, before).catch((error: unknown) => options.onWarning(warningOf(path, error)))
  }
  function tell(path: string, identity: string): void {
    const names = relative(root, path).split(sep)
    const key = keyOfNames(names)
    if (key === undefined) {
      if (identity !== REMOVED) options.onStrange(path, renaming(names.at(-1)!))
    } else if (!options.isOwn(key, identity))
      options.onEvent({ kind: identity === REMOVED ? 'removed' : 'created', key })
  }

  for (const event of ['add', 'change', 'unlink'] as const) watcher.on(event, (path) => lookAt(path))
  // A name that is no UTF-8 is an event of the system and no file that could be looked at.
  watcher.on('raw', (_, name: string | undefined, of) => {
    if (name?.includes('\ufffd')) tellForeign(join((of as { watchedPath: string }).watchedPath, name)).catch(() => {})
  })
  async function tellForeign(path: string): Promise<void> {
    if ((await statIfThere(path)) || isClosed) return
    for (const foreign of await foreignNames(dirname(path))) options.onStrange(foreign.path, foreign.why)
  }
  watcher.on('error', (error) => options.onWarning(warningOf(root, error)))
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()))
  return async () => {
    isClosed = true
    await watcher.close()
    for (const timer of waiting.values()) clearTimeout(timer)
    waiting.clear()
  }
}

const LIMITS: Record<string, string> = {
  ENOSPC: 'Raise the limit: sysctl fs.inotify.max_user_watches=1048576',
  EMFILE: 'Raise the limits: sysctl fs.inotify.max_user_instances=1024, ulimit -n 65536',
}

function warningOf(path: string, error: unknown): string {
  const mend = LIMITS[errnoOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error))
  return `${path} cannot be watched, so changes there are only noticed by the next sweep. ${mend}`
}
