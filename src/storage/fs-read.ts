// How an open file becomes a stream of bounded memory, and which of its bytes a range means.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { ThumbsmithError } from '../errors.ts'
import { ifThere } from './fs-durable.ts'
import { identityOf } from './fs-records.ts'
import type { ByteRange } from './storage.ts'

const CHUNK_BYTES = 1 << 17

/** The first byte and the one after the last; throws `request.invalid` where the range holds no byte. */
export function parseRange(range: ByteRange | undefined, bytes: number): { start: number; end: number } {
  if (!range) return { start: 0, end: bytes }
  const end = Math.min(range.end + 1, bytes)
  if (!(Number.isSafeInteger(range.start) && range.start >= 0 && range.start < end))
    throw new ThumbsmithError(
      'request.invalid',
      `The range ${range.start}-${range.end} holds none of the ${bytes} bytes.`,
    )
  return { start: range.start, end }
}

/**
 * The bytes from `start` up to before `end` of the file with this identity; `undefined` where another stands there by now. A long stream holds
 * the file open until its end, an error or its cancel, so read it or cancel it. It fails with `storage.precondition_failed` if somebody
 * wrote into this very file meanwhile (replacing it does no harm).
 */
export async function readFileStream(
  path: string,
  identity: string,
  { start, end }: { start: number; end: number },
): Promise<ReadableStream<Uint8Array> | undefined> {
  const handle = await ifThere(open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)))
  if (!handle) return undefined
  try {
    if (identityOf(await handle.stat({ bigint: true })) !== identity) {
      await handle.close()
      return undefined
    }
    if (end - start > CHUNK_BYTES) return streamOf(handle, identity, start, end)
    const bytes = await readChunk(handle, start, end)
    if (bytes.length !== end - start) throw new ThumbsmithError('storage.precondition_failed')
    await handle.close()
    return new Blob([bytes]).stream()
  } catch (error) {
    await handle.close()
    throw error
  }
}

function streamOf(handle: FileHandle, identity: string, start: number, end: number): ReadableStream<Uint8Array> {
  let position = start
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await readChunk(handle, position, end)
          position += chunk.length
          const isDone = position === end
          const isChanged = isDone && identityOf(await handle.stat({ bigint: true })) !== identity
          if (chunk.length === 0 || isChanged) throw new ThumbsmithError('storage.precondition_failed')
          controller.enqueue(chunk)
          if (!isDone) return
          await handle.close()
          controller.close()
        } catch (error) {
          await handle.close()
          throw error
        }
      },
      async cancel() {
        await handle.close()
      },
    },
    { highWaterMark: 0 },
  )
}

async function readChunk(handle: FileHandle, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, end - start))
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, start)
  return buffer.subarray(0, bytesRead)
}
