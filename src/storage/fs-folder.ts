// How a folder is opened as a store: made, owned by one process, cleared of what a crash left, and asked how it takes names.
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeRoot, statIfThere } from './fs-durable.ts'
import { ownerOfLock, takeLock } from './fs-lock.ts'
import { RESERVED_FOLDER } from './fs-names.ts'

export interface OpenedFolder {
  root: string
  folds: boolean
  unlock: () => Promise<void>
}

/** Throws `storage.unavailable` where another process owns it; a read-only opener asks nobody and writes nothing. */
export async function openFolder(given: string, isReadOnly: boolean): Promise<OpenedFolder> {
  if (isReadOnly)
    return {
      root: await realpath(given),
      folds: await foldsNames(join(given, RESERVED_FOLDER)),
      unlock: async () => {},
    }
  await makeRoot(given)
  const root = await realpath(given)
  const reserved = join(root, RESERVED_FOLDER)
  const temporary = join(reserved, 'tmp')
  await mkdir(join(reserved, 'heads'), { recursive: true })
  const unlock = await takeLock(join(reserved, LOCK), given)
  try {
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary)
    await writeFile(join(reserved, PROBE), '')
    return { root, folds: await foldsNames(reserved), unlock }
  } catch (error) {
    await unlock()
    throw error
  }
}

/** Who owns the folder at the moment, for people; `undefined` where nobody does. */
export const ownerOfFolder = (root: string): Promise<string | undefined> =>
  ownerOfLock(join(root, RESERVED_FOLDER, LOCK))

const LOCK = 'lock'
const PROBE = 'probe-\u00e9'

/** Whether the file system finds a name under another spelling. */
async function foldsNames(reserved: string): Promise<boolean> {
  const twins = [PROBE.toUpperCase(), PROBE.normalize('NFD')].map((name) => statIfThere(join(reserved, name)))
  return (await Promise.all(twins)).some((stats) => stats !== undefined)
}
