// Reads a multipart form whose file comes last, as S3's POST does: the file streams on to whoever takes it, nothing is gathered here.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Busboy, type BusboyFileStream } from '@fastify/busboy'
import { ThumbsmithError } from '../errors.ts'

const FILE_FIELD = 'file'
/** A ticket has about eight fields; the longest is the policy, with the title in it twice at most. */
const LIMITS = { fields: 40, fieldSize: 16 * 1024, files: 1, parts: 60, headerPairs: 20, headerSize: 8 * 1024 }

export type Fields = [string, string][]

const refused = (message: string) => new ThumbsmithError('ticket.refused', message)

/**
 * Calls `accept` once, with the fields that came before the file. What comes after the file is ignored. If the client goes away in the
 * middle, the file's stream fails and so does this. Throws `ticket.refused` for what is no such form.
 */
export async function readForm<T>(
  request: Request,
  accept: (fields: Fields, file: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<{ fields: Fields; result: T }> {
  const contentType = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data\s*;.*boundary=/i.test(contentType) || !request.body)
    throw refused('Send the upload as multipart/form-data: every field of the ticket, then the file.')
  const parser = parserFor(contentType)
  const fields: Fields = []
  const gaveUp = new AbortController()
  let file: BusboyFileStream | undefined

  const accepted = new Promise<T>((resolve, reject) => {
    // The parser's types do not say so, but a part may have no name.
    parser.on('field', (given: unknown, value, _nameTruncated, valueTruncated) => {
      const name = typeof given === 'string' ? given : ''
      if (valueTruncated) reject(refused(`The field ${JSON.stringify(name.slice(0, 80))} is too long.`))
      else if (!file) fields.push([name, value])
    })
    parser.on('fieldsLimit', () => reject(refused('The form has too many fields.')))
    parser.on('partsLimit', () => reject(refused('The form has too many parts.')))
    parser.on('file', (_name, stream) => {
      file = stream
      // Whoever reads the stream is told of an error too; this one is for when nobody does yet, or any more.
      stream.on('error', () => {})
      accept(fields, stream).then(resolve, reject)
    })
  })

  const body = Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0])
  const read = pipeline(body, parser, { signal: gaveUp.signal }).then(
    () => {
      if (!file) throw refused('The form has no file. It must come last, in a field called `file`.')
    },
    (error) => {
      file?.destroy(error)
      throw new ThumbsmithError('request.invalid', 'The upload broke off.', { detail: String(error), cause: error })
    },
  )
  try {
    const [result] = await Promise.all([accepted, read])
    return { fields, result }
  } finally {
    gaveUp.abort()
  }
}

function parserFor(contentType: string): ReturnType<typeof Busboy> {
  const isPartAFile = (name: string | undefined) => name === FILE_FIELD
  try {
    return Busboy({ headers: { 'content-type': contentType }, limits: LIMITS, isPartAFile })
  } catch (error) {
    throw new ThumbsmithError('ticket.refused', 'The boundary of the multipart/form-data cannot be read.', {
      detail: String(error),
      cause: error,
    })
  }
}
