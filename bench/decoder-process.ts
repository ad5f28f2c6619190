// The decoder of this process, as Linux sees it: which process it is, what it holds, and what it took.
import { readdirSync, readFileSync } from 'node:fs'

/** Throws where there is none. */
export function decoderPid(): number {
  const pid = readdirSync('/proc').find((name) => {
    try {
      const [, ppid] = /\) \w (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'latin1')) ?? []
      return Number(ppid) === process.pid && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes('/render/child.')
    } catch {
      return false
    }
  })
  if (!pid) throw new Error('There is no decoder process.')
  return Number(pid)
}

/** What the process holds now and held at most, in bytes. */
export function residentBytes(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const bytes = (name: string) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1])
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
}

/** CPU time in milliseconds, of all threads that there are now: one that ended is not counted. */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6
}
