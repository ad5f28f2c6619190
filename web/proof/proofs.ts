// The page's end of the proofs: one request at a time goes to the worker, and only the newest waits.
import type { Proof, ProofReply, ProofRequest } from './message.ts'

/** So long after the last letter the title is drawn once more, as it will ship. */
const SETTLE_MS = 300
/** Skia takes some 100 MB; it is not kept for long when nobody types. */
const IDLE_MS = 120_000

type Request = Omit<ProofRequest, 'settled'>
export type Failed = Extract<ProofReply, { failed: string }>['failed']

export interface ProofWatcher {
  drawn(proofs: Proof[], settled: boolean): void
  failed(why: Failed): void
}

interface Asked {
  request: Request
  settled: boolean
  watcher: ProofWatcher
}

const NOBODY: ProofWatcher = { drawn: () => {}, failed: () => {} }

let worker: Worker | undefined
let waiting: Asked | undefined
let asked: Asked | undefined
let settling: ReturnType<typeof setTimeout> | undefined
let idling: ReturnType<typeof setTimeout> | undefined

/** Draws these titles as soon as may be, unless others are asked for first. Nothing is loaded before the first call. */
export function prove(request: Request, watcher: ProofWatcher): void {
  clearTimeout(settling)
  clearTimeout(idling)
  waiting = { request, settled: false, watcher }
  ask()
}

/** Nobody looks any more. */
export function forget(watcher: ProofWatcher): void {
  if (waiting?.watcher === watcher) waiting = undefined
  if (asked?.watcher === watcher) asked = { ...asked, watcher: NOBODY }
  clearTimeout(settling)
  clearTimeout(idling)
  idling = setTimeout(close, IDLE_MS)
}

function close(): void {
  if (asked || waiting) return
  worker?.terminate()
  worker = undefined
}

function ask(): void {
  if (asked || !waiting) return
  asked = waiting
  waiting = undefined
  worker ??= openWorker()
  worker.postMessage({ ...asked.request, settled: asked.settled } satisfies ProofRequest)
}

function openWorker(): Worker {
  const opened = new Worker(new URL('./proof-worker.ts', import.meta.url), { type: 'module' })
  opened.addEventListener('message', ({ data }: MessageEvent<ProofReply>) => answer(data))
  opened.addEventListener('error', (event) => {
    event.preventDefault()
    opened.terminate()
    worker = undefined
    answer({ failed: 'unavailable' })
  })
  return opened
}

function answer(reply: ProofReply): void {
  const answered = asked
  asked = undefined
  if (!answered) return
  if ('failed' in reply) answered.watcher.failed(reply.failed)
  else answered.watcher.drawn(reply.proofs, answered.settled)
  if (!answered.settled && !waiting && answered.watcher !== NOBODY && 'proofs' in reply)
    settling = setTimeout(() => {
      waiting = { ...answered, settled: true }
      ask()
    }, SETTLE_MS)
  ask()
}
