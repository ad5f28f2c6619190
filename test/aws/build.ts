// The functions, built once for all tests of the AWS home; each example gets a copy with its own presets and rules inside.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with the zip files, for the example youtube. */
    functions: string
  }
}

export const ROOT = resolve(import.meta.dirname, '../..')
export const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64'

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'thumbsmith-functions-'))
  const build = ['scripts/build-lambda.mjs', '--out', folder, '--config', 'examples/youtube/thumbsmith.yaml']
  execFileSync(process.execPath, build, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
  project.provide('functions', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}

/** `file`: the presets and rules, relative to the repository. Returns the folder for main.tf's `functions`. */
export function functionsFor(example: string, file: string, built: string): string {
  const folder = join(built, example)
  mkdirSync(folder)
  copyFileSync(join(ROOT, file), join(folder, 'thumbsmith.yaml'))
  for (const name of ['api.zip', `render-${ARCH}.zip`]) {
    copyFileSync(join(built, name), join(folder, name))
    execFileSync('zip', ['-q', name, 'thumbsmith.yaml'], { cwd: folder })
  }
  return folder
}
