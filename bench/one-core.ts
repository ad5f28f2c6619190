// A command that keeps to one core.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The last core that this process may run on, where the system can say so and keep a process there. */
function lastCore(): string | undefined {
  try {
    const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    const core = allowed?.split(/[,-]/).at(-1)
    if (core !== undefined) execFileSync('taskset', ['-c', core, 'true'], { stdio: 'ignore' })
    return core
  } catch {
    return undefined
  }
}

/** `undefined` where commands run on any core. */
export const CORE = lastCore()

/** Two virtual cores are often halves of one, and CPU time counts how threads on both slow each other down. */
export const onOneCore = (command: string[]): string[] =>
  CORE === undefined ? command : ['taskset', '-c', CORE, ...command]
