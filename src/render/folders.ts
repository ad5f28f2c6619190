// The empty folders in which decoder processes start, and those that killed ones leave behind.
import { mkdtempSync, readdirSync, rmdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FOLDER = 'thumbsmith-decoder-'
/** Twice what a decoder may take to start: one that runs has left its folder by then. */
const OLD_MS = 60_000

export const makeFolder = (): string => mkdtempSync(join(tmpdir(), FOLDER))

/** Removes the folders of decoders that were killed together with their parent. */
export function removeLeftFolders(): void {
  for (const name of readdirSync(tmpdir()).filter((name) => name.startsWith(FOLDER))) {
    const path = join(tmpdir(), name)
    try {
      if (Date.now() - statSync(path).mtimeMs > OLD_MS) rmdirSync(path)
    } catch {
      // It is somebody else's, gone by now, or not empty.
    }
  }
}
