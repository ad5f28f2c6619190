// One decoder process as its parent sees it: started lazily, watched while busy, retired when it has grown, its death explained.
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, ThumbsmithError, toThumbsmithError } from '../errors.ts'
import type { ChildMessage, JobMessage } from './child.ts'
import { makeFolder } from './folders.ts'
import type { RenderOutcome, RenderRequest } from './renderer.ts'

export interface DecoderOptions {
  /** Added to the child's otherwise empty environment. */
  env?: Record<string, string>
  /** Further Node options of the child, such as `--import`. */
  execArgv?: string[]
  /** Ready 15 ms sooner, with each picture some hundredths dearer; default false. */
  startsSoon?: boolean
  /** A job that takes longer is ended with its process; default 15,000. */
  wallMs?: number
  /** A process that grows beyond this is ended; default 512 MB. */
  maxRssBytes?: number
  /** The same while it renders a large picture; default 1.5 GB. */
  maxRssBytesWhenLarge?: number
  /** A process is replaced after this many jobs; default 200. */
  recycleAfter?: number
  /** A process that is larger than this after a job is replaced; default 300 MB. */
  recycleAboveRssBytes?: number
}

/** How a job came to its end; `not_begun` is no fault of the job's. */
export type Ended = { how: 'done'; outcome: RenderOutcome } | { how: 'failed' | 'not_begun'; error: ThumbsmithError }

export type DecoderJob = Pick<JobMessage, 'limits' | 'tiff'> & { request: RenderRequest }

export interface Decoder {
  readonly busy: boolean
  /** Runs one job; never rejects. */
  run(job: DecoderJob, large: boolean): Promise<Ended>
  /** Resolves when its process has ended. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

/** glibc gives memory back with these, and takes it in large pages (docs/decisions/013-decoder-settings.md). Only read at the start of a process. */
export const CHILD_ENV = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '4194304',
  MALLOC_MMAP_THRESHOLD_: '4194304',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  UV_THREADPOOL_SIZE: '2',
}

/** V8 goes over its whole heap as often as pictures need it, and holds little itself (the same decision). With any such option Node compiles its own modules anew. */
export const CHILD_FLAGS = ['--initial-old-space-size=32', '--max-semi-space-size=4']

/** A little below the process that answers people (nice 5); no lower, for what takes too long is ended. */
const PRIORITY = 5

const POLL_MS = 50
/** A process that has not begun by then never will; a busy machine takes seconds. */
const START_MS = 30_000
/** Bytes of the child's error output that are kept to explain its death. */
const MAX_STDERR = 4_000
const PAGE_BYTES = 4_096

interface Current {
  id: number
  begun: boolean
  large: boolean
  /** Why we killed it, if we did. */
  killedFor?: ErrorCode
  /** Sends the job. Only a process that is ready gets it: one that dies before could not start, whatever the job is. */
  begin: () => void
  timer: NodeJS.Timeout
  watch: NodeJS.Timeout
  finish: (ended: Ended) => void
}

/** A decoder; its process is forked at once. */
export function openDecoder(options: DecoderOptions = {}): Decoder {
  const { wallMs = 15_000, recycleAfter = 200, recycleAboveRssBytes = 300_000_000 } = options
  const { maxRssBytes = 512_000_000, maxRssBytesWhenLarge = 1_500_000_000 } = options
  const cwd = makeFolder()
  const child = forkChild(options, cwd)
  let ready = false
  let gone = false
  let alive = true
  let jobs = 0
  let stderr = ''
  let current: Current | undefined
  const ended = new Promise<void>((resolve) => {
    const left = (reason: string) => {
      if (!alive) return
      alive = false
      leave(reason)
      resolve()
    }
    // Not `close`: Node never emits it once we have disconnected.
    child.once('exit', (code, signal) => {
      const leftWith = () => left(`exit code ${code}, signal ${signal}`)
      if (!child.stderr || child.stderr.closed) leftWith()
      else child.stderr.once('close', leftWith)
    })
    child.once('error', (error) => left(String(error)))
  })

  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR)
  })
  // Of its death tells its exit.
  child.stdin!.on('error', () => {})
  child.on('message', (message: ChildMessage) => hear(message))

  function hear(message: ChildMessage): void {
    if (message.type === 'ready') becomeReady()
    else if (message.type === 'rss') weigh(message.rssBytes)
    else if (message.id !== current?.id) return
    else if (message.type === 'started') current.begun = true
    else finishJob(message)
  }

  function becomeReady(): void {
    ready = true
    if (!current) return
    clearTimeout(current.timer)
    current.timer = setTimeout(() => kill('decoder.too_slow'), wallMs)
    current.begin()
  }

  function finishJob(message: Extract<ChildMessage, { type: 'done' | 'failed' }>): void {
    jobs += 1
    if (jobs >= recycleAfter || message.rssBytes > recycleAboveRssBytes) retire()
    end(
      message.type === 'done'
        ? { how: 'done', outcome: message.outcome }
        : { how: 'failed', error: errorOf(message.error) },
    )
  }

  function end(ended: Ended): void {
    if (!current) return
    clearTimeout(current.timer)
    clearInterval(current.watch)
    const { finish } = current
    current = undefined
    finish(ended)
  }

  function kill(code: ErrorCode): void {
    if (current) current.killedFor ??= code
    child.kill('SIGKILL')
  }

  function weigh(rssBytes: number): void {
    if (current && rssBytes > (current.large ? maxRssBytesWhenLarge : maxRssBytes)) kill('decoder.too_much_memory')
  }

  function retire(): void {
    gone = true
    if (child.connected) child.disconnect()
  }

  function leave(reason: string): void {
    gone = true
    rmSync(cwd, { recursive: true, force: true })
    if (current) end(explain(current, [reason, stderr.trim()].filter(Boolean).join('\n')))
  }

  function explain({ begun, killedFor }: Current, detail: string): Ended {
    if (!ready)
      return {
        how: 'failed',
        error: new ThumbsmithError('internal', 'The decoder process cannot start; see the log.', { detail }),
      }
    return {
      how: begun || killedFor ? 'failed' : 'not_begun',
      error: new ThumbsmithError(killedFor ?? 'decoder.died', undefined, { detail }),
    }
  }

  return {
    get busy() {
      return gone || current !== undefined
    },
    run(job, large) {
      return new Promise((finish) => {
        const timer = setTimeout(() => kill('decoder.too_slow'), ready ? wallMs : START_MS)
        const watch = setInterval(() => weigh(residentBytes(child)), POLL_MS)
        const { bytes, ...request } = job.request
        const message: JobMessage = { ...job, id: jobs + 1, request, bytes: bytes.length }
        const begin = () => {
          try {
            child.send(message, (error) => {
              if (error) child.kill('SIGKILL')
            })
            // Beside the message, in which it would be copied on both sides.
            child.stdin!.write(bytes)
          } catch (error) {
            // It cannot be put into a message at all; the process has seen nothing of it.
            end({ how: 'failed', error: toThumbsmithError(error) })
          }
        }
        current = { id: message.id, begun: false, large, begin, timer, watch, finish }
        if (ready) begin()
      })
    },
    ended,
    close() {
      retire()
      return ended
    },
  }
}

function errorOf({ code, message, detail }: Extract<ChildMessage, { type: 'failed' }>['error']): ThumbsmithError {
  return new ThumbsmithError(code, message, { detail })
}

function forkChild(options: DecoderOptions, cwd: string): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const child = fork(fileURLToPath(new URL(`./child.${extension}`, import.meta.url)), [], {
    cwd,
    env: { ...CHILD_ENV, ...options.env },
    execArgv: [...(options.startsSoon ? [] : CHILD_FLAGS), ...(options.execArgv ?? [])],
    serialization: 'advanced',
    stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
  })
  // Gone already, or a system that forbids it: then it runs like any other.
  try {
    if (child.pid !== undefined) setPriority(child.pid, PRIORITY)
  } catch {}
  return child
}

/** From /proc on Linux; 0 elsewhere, where the child tells its size itself. */
function residentBytes(child: ChildProcess): number {
  if (process.platform !== 'linux' || child.pid === undefined) return 0
  try {
    return Number(readFileSync(`/proc/${child.pid}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES
  } catch {
    return 0
  }
}
