// A command that keeps to one core. Two virtual cores are often halves of one, and CPU time counts how they slow each other down.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The last core that this process may run on, where the system can say so and keep a process there. */
function lastCore(): string | undefined {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return allowed?.split(/[,-]/).at(-1)
  } catch {
    return undefined
  }
}

export const CORE = lastCore()

export const onOneCore = (command: string[]): string[] =>
  CORE === undefined ? command : ['taskset', '-c', CORE, ...command]
