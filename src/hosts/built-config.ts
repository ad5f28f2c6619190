// The configuration that a function was built with: checked then and kept as JSON, so that its start reads neither YAML nor schemas.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ConfigFile } from '../config-file.ts'
import { type Config, configOf, isOneStore, settingOf } from '../settings.ts'

export interface BuiltConfig {
  said: ConfigFile
  /** The SHA-256 of the file that said it, and of each that it names, by their paths from its folder. */
  sum: string
  beside: Record<string, string>
}

/** Throws `config.invalid`. */
export async function buildConfig(file: string): Promise<BuiltConfig> {
  const { parseFile } = await import('../config-file.ts')
  const said = parseFile(readFileSync(file, 'utf8'), file, false)
  const beside = said.files.map((path) => [path, sumOf(join(dirname(file), path))])
  return { said, sum: sumOf(file), beside: Object.fromEntries(beside) }
}

/** Where it is kept. */
export const builtPath = (file: string): string => `${file}.built.json`

/** Like `readConfig`, which it leaves it to where a file is not any more what it was when the function was built. */
export async function readBuiltConfig(env: Record<string, string | undefined>): Promise<Config> {
  const file = settingOf('THUMBSMITH_CONFIG', env)
  const built = readBuilt(file)
  // Whether rules are kept apart in one store was not asked then.
  if (built && !isOneStore(env) && isUnchanged(file, built)) return configOf(file, built.said, env)
  return (await import('../config.ts')).readConfig(env)
}

function readBuilt(file: string): BuiltConfig | undefined {
  try {
    return JSON.parse(readFileSync(builtPath(file), 'utf8'))
  } catch {
    return undefined
  }
}

function isUnchanged(file: string, { sum, beside }: BuiltConfig): boolean {
  try {
    return (
      sumOf(file) === sum && Object.entries(beside).every(([path, sum]) => sumOf(join(dirname(file), path)) === sum)
    )
  } catch {
    return false
  }
}

const sumOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
