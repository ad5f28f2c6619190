// One watcher's stream of server-sent events: in order, with a heartbeat, and with bounded memory however slowly it is read.
import { RESET } from './broadcast.ts'

const BUFFER_MAX_BYTES = 64 * 1024
/** A reader that takes nothing for so long is gone, whatever its connection says. */
const STUCK_HEARTBEATS = 4
/** A stream ends now and then, so that whoever was signed out since does not come back. */
const LIFETIME_HEARTBEATS = 120
const RETRY_MS = 2000

/** Without data it only moves the reader's position. */
export type Send = (id: string, data?: () => Promise<string>) => void

export interface EventStreamOptions {
  heartbeatMs: number
  /** The id up to which every watcher was told. */
  position(): string
  /** Begins to send. Returns how to stop. */
  start(send: Send): () => void
}

/** A reader that falls behind is sent no more until it has caught up, and then `reset`: it costs its buffer and nothing else. */
export function eventStream(options: EventStreamOptions): { body: ReadableStream<Uint8Array>; end: () => void } {
  const encoder = new TextEncoder()
  let controller!: ReadableStreamDefaultController<Uint8Array>
  /** Data takes a moment to be read; whatever is sent meanwhile waits in line, so that ids only rise. */
  let line = Promise.resolve()
  let behind = false
  let ended = false
  let beats = 0
  let stuckBeats = 0
  let stop = () => {}

  const hasRoom = () => (controller.desiredSize ?? 0) > 0
  function write(text: string): void {
    if (ended) return
    if (behind || !hasRoom()) behind = true
    else controller.enqueue(encoder.encode(text))
  }
  const send: Send = (id, data) => {
    line = line.then(async () => {
      if (!ended && !behind) write(data ? `id: ${id}\ndata: ${await data()}\n\n` : `id: ${id}\n:\n\n`)
    })
  }
  function release(): void {
    ended = true
    clearInterval(timer)
    stop()
  }
  function end(): void {
    if (ended) return
    release()
    controller.close()
  }

  const timer = setInterval(() => {
    stuckBeats = hasRoom() ? 0 : stuckBeats + 1
    if (++beats >= LIFETIME_HEARTBEATS || stuckBeats >= STUCK_HEARTBEATS) end()
    else send(options.position())
  }, options.heartbeatMs)

  const body = new ReadableStream<Uint8Array>(
    {
      start(given: ReadableStreamDefaultController<Uint8Array>) {
        controller = given
        // Said at once, for a proxy or a browser that waits for the first byte.
        write(`retry: ${RETRY_MS}\n\n`)
        stop = options.start(send)
      },
      pull() {
        if (!behind) return
        behind = false
        write(`id: ${options.position()}\ndata: ${RESET}\n\n`)
      },
      cancel: release,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_MAX_BYTES }),
  )
  return { body, end }
}
