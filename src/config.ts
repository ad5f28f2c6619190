// The configuration: environment + thumbsmith.yaml -> one frozen Config; an error names the setting and the mend.
import { readFileSync } from 'node:fs'
import { parseFile } from './config-file.ts'
import { ThumbsmithError } from './errors.ts'
import { type Config, configOf, isOneStore, settingOf } from './settings.ts'

/** Reads the file that THUMBSMITH_CONFIG names and the environment. Throws `config.invalid` with every problem, one a line. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const file = settingOf('THUMBSMITH_CONFIG', env)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ThumbsmithError(
      'config.invalid',
      `THUMBSMITH_CONFIG: the file "${file}" cannot be read. Create it, or name another with --config.`,
      { cause: error },
    )
  }
  return parseConfig(text, file, env)
}

/** The same from the file's text, for tests and tools. */
export function parseConfig(text: string, file: string, env: Record<string, string | undefined>): Config {
  return configOf(file, parseFile(text, file, isOneStore(env)), env)
}
