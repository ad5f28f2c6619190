// A painter that outlives Skia: where Skia ends itself over a title, that title is refused, and the next one gets another Skia.
import { ThumbsmithError } from '../errors.ts'
import type { TitlePainter } from './title.ts'

export interface LastingPainter extends TitlePainter {
  /** Loads what is not loaded yet: to be called while something else is waited for. */
  ready(): Promise<void>
}

/** Calls `load` on first need, and anew after a failure. `set` throws `title.invalid` where Skia ended, and what `load` throws. */
export function lastingPainter(load: () => Promise<TitlePainter>): LastingPainter {
  let painter: Promise<TitlePainter> | undefined

  /** `work` with the painter; whatever goes wrong, the next one gets another. */
  async function use<T>(work: (opened: TitlePainter) => Promise<T>): Promise<T> {
    painter ??= load()
    const used = painter
    try {
      return await work(await used)
    } catch (cause) {
      if (cause instanceof ThumbsmithError) throw cause
      if (painter === used) painter = undefined
      if (!isEnd(cause)) throw cause
      throw new ThumbsmithError('title.invalid', 'The title cannot be drawn.', { cause, detail: String(cause) })
    }
  }

  return { set: (request) => use((opened) => opened.set(request)), ready: () => use(async () => {}) }
}

/** WebAssembly's abort or bad access, or a stack that is full: nothing in its memory can be trusted afterwards. */
const isEnd = (cause: unknown) => cause instanceof Error && ['RuntimeError', 'RangeError'].includes(cause.name)
