// Loaded into a decoder process with `--import` by tests: makes it die, hang or swell on pictures that end in a marker,
// and writes a line per job begun and ended to the file that the variable JOB_LOG names.
import fs, { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** Appended to the bytes of a picture. */
export const MARKERS = { abort: '<<decoder: abort>>', hang: '<<decoder: hang>>', bloat: '<<decoder: bloat>>' } as const

const SWELL_BYTES = 16 * 1024 * 1024
/** So that a test whose kill does not work cannot take the machine with it. */
const SWELL_MAX = 100

const pause = (milliseconds: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)

function swell(): void {
  const held: Buffer[] = []
  while (held.length < SWELL_MAX) {
    held.push(Buffer.alloc(SWELL_BYTES, 1))
    pause(5)
  }
}

function log(word: string, memoryBytes: number): void {
  if (process.env.JOB_LOG) appendFileSync(process.env.JOB_LOG, `${word} ${memoryBytes}\n`)
}

interface Job {
  request?: object
  limits: { maxMemoryBytes: number }
}

/** Once the picture has been read as a whole, and the decoder has gone on. */
function act(picture: Uint8Array): void {
  const tail = Buffer.from(picture.subarray(-32)).toString('latin1')
  if (tail.endsWith(MARKERS.abort)) setImmediate(() => process.kill(process.pid, 'SIGABRT'))
  if (tail.endsWith(MARKERS.hang)) setImmediate(() => pause(Number.POSITIVE_INFINITY))
  if (tail.endsWith(MARKERS.bloat)) setImmediate(swell)
}

const send = process.send?.bind(process)
if (send) {
  let memoryBytes = 0
  process.on('message', ({ request, limits }: Job) => {
    if (!request) return
    memoryBytes = limits.maxMemoryBytes
    log('begun', memoryBytes)
  })
  process.send = (message: { type: string }, ...rest: unknown[]) => {
    if (message.type === 'done' || message.type === 'failed') log('ended', memoryBytes)
    return (send as (...all: unknown[]) => boolean)(message, ...rest)
  }
  const { readSync } = fs
  const watched = (file: number, into: Uint8Array, offset: number, length: number, position: null): number => {
    const read = readSync(file, into, offset, length, position)
    if (file === 0 && offset + read === into.length) act(into)
    return read
  }
  fs.readSync = watched as typeof fs.readSync
  syncBuiltinESMExports()
}
