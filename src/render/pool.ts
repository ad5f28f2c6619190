// The decoder pool: warm child processes that render, are killed on time and on memory, and are replaced when they die.
import { availableParallelism } from 'node:os'
import { ThumbsmithError } from '../errors.ts'
import { type Decoder, type DecoderOptions, type Ended, openDecoder } from './decoder.ts'
import type { Limits } from './limits.ts'
import type { Renderer, RenderOutcome, RenderRequest } from './renderer.ts'

export interface PoolOptions extends DecoderOptions {
  /** Decoder processes; default: one per core. */
  size?: number
  limits?: Partial<Limits>
  /** Estimated memory above which jobs run one at a time; default 400 MB. */
  largeFromBytes?: number
  /** Read TIFF too (default: no). */
  tiff?: boolean
  /** The first decoder, of those who knew before that a job is coming; the pool closes it. */
  first?: Decoder | undefined
}

const LARGE_FROM_BYTES = 400_000_000
const DEFAULT_MAX_MEMORY_BYTES = 1_200_000_000
/** How often a job that a dying decoder had not begun is handed on before that is called its fault. */
const MAX_HAND_OVERS = 2

interface Job {
  request: RenderRequest
  large: boolean
  handOvers: number
  resolve(outcome: RenderOutcome): void
  reject(error: ThumbsmithError): void
}

/**
 * A renderer whose decoding runs in child processes; starts none before the first job. Jobs wait first in, first out.
 * A job whose picture turns out to be large waits for the large lane, in which one runs at a time.
 *
 * `render` throws like `render` of render.ts, and `decoder.died`, `decoder.too_slow` or `decoder.too_much_memory` where the process had to
 * be replaced; `internal` where no decoder can be started. `close` lets the waiting jobs finish, then ends the children.
 */
export function poolRenderer(options: PoolOptions = {}): Renderer {
  const size = options.size ?? availableParallelism()
  const maxMemoryBytes = options.limits?.maxMemoryBytes ?? DEFAULT_MAX_MEMORY_BYTES
  const normalMemoryBytes = Math.min(options.largeFromBytes ?? LARGE_FROM_BYTES, maxMemoryBytes)
  const decoders = new Set<Decoder>()
  const waiting: Job[] = []
  let largeRunning = false
  let closing: Promise<void> | undefined
  let onIdle: (() => void) | undefined

  function dispatch(): void {
    for (;;) {
      const index = waiting.findIndex((job) => !job.large || !largeRunning)
      if (index === -1) break
      const decoder = freeDecoder()
      if (!decoder) break
      const [job] = waiting.splice(index, 1) as [Job]
      if (job.large) largeRunning = true
      void run(job, decoder)
    }
    if (waiting.length === 0 && [...decoders].every((decoder) => !decoder.busy)) onIdle?.()
  }

  function freeDecoder(): Decoder | undefined {
    for (const decoder of decoders) if (!decoder.busy) return decoder
    if (decoders.size >= size) return undefined
    try {
      return adopt(openDecoder(options))
    } catch (error) {
      const failure = new ThumbsmithError('internal', 'The decoder process cannot start; see the log.', {
        detail: String(error),
      })
      for (const job of waiting.splice(0)) job.reject(failure)
      return undefined
    }
  }

  function adopt(decoder: Decoder): Decoder {
    decoders.add(decoder)
    void decoder.ended.then(() => {
      decoders.delete(decoder)
      dispatch()
    })
    return decoder
  }

  async function run(job: Job, decoder: Decoder): Promise<void> {
    const limits = { ...options.limits, maxMemoryBytes: job.large ? maxMemoryBytes : normalMemoryBytes }
    const ended = await decoder.run({ request: job.request, limits, tiff: options.tiff ?? false }, job.large)
    if (job.large) largeRunning = false
    settle(job, ended)
    dispatch()
  }

  function settle(job: Job, ended: Ended): void {
    if (ended.how === 'done') {
      job.resolve(ended.outcome)
      return
    }
    const needsLargeLane = ended.how === 'failed' && ended.error.code === 'image.needs_too_much_memory'
    if (needsLargeLane && !job.large && normalMemoryBytes < maxMemoryBytes) {
      waiting.unshift({ ...job, large: true })
      return
    }
    if (ended.how === 'not_begun' && job.handOvers < MAX_HAND_OVERS) {
      waiting.unshift({ ...job, handOvers: job.handOvers + 1 })
      return
    }
    job.reject(ended.error)
  }

  async function drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      onIdle = resolve
      dispatch()
    })
    await Promise.all([...decoders].map((decoder) => decoder.close()))
  }

  if (options.first) adopt(options.first)

  return {
    render(request) {
      if (closing)
        return Promise.reject(new ThumbsmithError('internal', undefined, { detail: 'the decoder pool is closed' }))
      return new Promise((resolve, reject) => {
        waiting.push({ request, large: false, handOvers: 0, resolve, reject })
        dispatch()
      })
    },
    close() {
      closing ??= drain()
      return closing
    },
  }
}
