// The bytes of S3 objects on their way: bodies in parts that can be sent again, answers as streams that end or fail.
import type { Readable } from 'node:stream'
import { ThumbsmithError } from '../errors.ts'

/**
 * Whole parts of `partBytes`, the last one shorter; an empty body is one empty part. The caller may keep them. Stopping early cancels the
 * stream.
 */
export async function* partsOf(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  let parts = 0
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    waiting.push(chunk)
    bytes += chunk.length
    if (bytes < partBytes) continue
    const whole = join(waiting)
    let start = 0
    for (; bytes - start >= partBytes; start += partBytes, parts++) yield whole.subarray(start, start + partBytes)
    waiting = start < bytes ? [whole.subarray(start)] : []
    bytes -= start
  }
  if (bytes > 0 || parts === 0) yield join(waiting)
}

const join = (chunks: Uint8Array[]): Uint8Array => (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))

/** A body of exactly `bytes`; it fails with `storage.unavailable` where fewer come or none for `silenceMs`. A cancel frees the connection. */
export function streamOf(body: Readable, bytes: number, silenceMs: number): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  let received = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const silence = setTimeout(() => body.destroy(new Error('the store fell silent')), silenceMs)
        try {
          const { done, value } = await chunks.next()
          if (!done) {
            received += value.length
            controller.enqueue(value)
          } else if (received === bytes) controller.close()
          else throw new Error(`${received} of ${bytes} bytes came`)
        } catch (error) {
          body.destroy()
          throw new ThumbsmithError('storage.unavailable', 'The store broke off in the middle of an object.', {
            detail: String(error),
            cause: error,
          })
        } finally {
          clearTimeout(silence)
        }
      },
      cancel() {
        body.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}
