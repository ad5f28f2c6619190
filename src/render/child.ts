// One decoder process: takes jobs from its parent over IPC, one at a time, and dies with it. Holds no secret and opens no file of yours.

import { readSync, rmdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { type ErrorCode, toThumbsmithError } from '../errors.ts'
import { compilingLess } from './compilers.ts'
import type { Limits } from './limits.ts'
import { guardLoaders } from './loaders.ts'
import type { RenderOutcome, RenderRequest } from './renderer.ts'
import { renderOriginal } from './steps.ts'

export interface JobMessage {
  id: number
  request: Omit<RenderRequest, 'bytes'>
  /** So many bytes of the picture follow on the standard input. */
  bytes: number
  limits: Partial<Limits>
  tiff: boolean
}

export type ChildMessage =
  | { type: 'ready' }
  | { type: 'started'; id: number }
  | { type: 'rss'; rssBytes: number }
  | { type: 'done'; id: number; outcome: RenderOutcome; rssBytes: number }
  | {
      type: 'failed'
      id: number
      error: { code: ErrorCode; message: string; detail: string | undefined }
      rssBytes: number
    }

const send = (message: ChildMessage) => process.send?.(message, (error: Error | null) => error && leave())

let titlesBegan = false

async function run({ id, request, bytes, limits, tiff }: JobMessage): Promise<void> {
  send({ type: 'started', id })
  try {
    const draw = () => renderOriginal({ ...request, bytes: readPicture(bytes) }, { limits, tiff })
    const isFirstTitle = Boolean(request.title) && !titlesBegan
    titlesBegan ||= isFirstTitle
    const outcome = await (isFirstTitle ? compilingLess(draw) : draw())
    send({ type: 'done', id, outcome, rssBytes: process.memoryUsage.rss() })
  } catch (thrown) {
    const { code, message, detail } = toThumbsmithError(thrown)
    send({ type: 'failed', id, error: { code, message, detail }, rssBytes: process.memoryUsage.rss() })
  }
}

/** Memory that was never touched costs as much as reading into it, so that all but the largest pictures come into the same. */
const KEPT_BYTES = 16 * 2 ** 20
const kept = Buffer.allocUnsafeSlow(KEPT_BYTES)

/** Waits for it: there is nothing else to do meanwhile. */
function readPicture(length: number): Uint8Array {
  const bytes = length <= KEPT_BYTES ? kept.subarray(0, length) : Buffer.allocUnsafeSlow(length)
  for (let at = 0; at < length; ) {
    const read = readSync(0, bytes, at, length - at, null)
    if (read === 0) leave()
    at += read
  }
  return bytes
}

/** SIGKILL and not exit(): leaving in order would wait for a decode that still runs on another thread. */
function leave(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** Nothing can be read from or written to a folder that is gone, and none is left behind however we end. Windows keeps it. */
function leaveFolder(): void {
  try {
    rmdirSync(process.cwd())
  } catch {
    // The parent removes it.
  }
}

/** Where the parent cannot read our memory from outside (no /proc), we tell it. */
const HEARTBEAT_MS = 50
if (process.platform !== 'linux')
  setInterval(() => send({ type: 'rss', rssBytes: process.memoryUsage.rss() }), HEARTBEAT_MS).unref()

process.on('disconnect', leave)
process.on('message', (job: JobMessage) => void run(job))

/** Not awaited at the top: as CommonJS, in which Lambda starts it sooner, a module cannot wait. What is thrown ends the process. */
async function begin(): Promise<void> {
  await guardLoaders()
  leaveFolder()
  // Where it was started without options, V8 would go over its whole heap after every second picture (docs/decisions/013-decoder-settings.md).
  if (process.execArgv.length === 0) setFlagsFromString('--heap-growing-percent=600')
  send({ type: 'ready' })
}
void begin()
