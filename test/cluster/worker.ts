// A worker process for tests: the command line's, in a group of its own, to be asked to stop or killed with its decoders.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = resolve(import.meta.dirname, '../..')

export interface WorkerProcess {
  pid: number
  log: string[]
  /** Told of each further line of the log. */
  onLine?: (line: string) => void
  /** Asks it to stop; gives its exit code. */
  stop(): Promise<number | null>
  /** Ends it with its decoders, without a warning. */
  kill(): Promise<void>
}

export async function startWorker(config: string, env: Record<string, string>): Promise<WorkerProcess> {
  const command = [join(ROOT, 'src/hosts/cli.ts'), '--config', resolve(ROOT, config), 'worker']
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, command, { env: { PATH, ...env }, detached: true })
  const log: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line)
    worker.onLine?.(line)
  })
  const exited = once(child, 'exit')
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null)
      process.kill(signal === 'SIGKILL' ? -child.pid! : child.pid!, signal)
    await exited
    return child.exitCode
  }
  const worker: WorkerProcess = {
    pid: child.pid!,
    log,
    stop: () => end('SIGTERM'),
    async kill() {
      await end('SIGKILL')
    },
  }
  const begun = once(createInterface({ input: child.stdout }), 'line')
  const first = await Promise.race([begun, exited.then(() => undefined)])
  if (!/^thumbsmith \S+ is working$/.test(String(first?.[0]))) throw new Error(`No worker.\n${log.join('\n')}`)
  return worker
}
