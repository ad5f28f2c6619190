// As much of S3 as one rendition needs, in memory and at no cost worth measuring: objects with their metadata, conditions, nothing checked.
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Stored {
  bytes: Buffer
  headers: Record<string, string>
}

export interface Bucket {
  url: string
  server: Server
  /** Forgets all but the sentinels, by which stores that were used before know each other, and holds these, by bucket and key. */
  reset(objects: Record<string, Uint8Array>): void
  /** Resolves when a key that begins so was written. */
  stored(prefix: string): Promise<void>
}

export async function openBucket(): Promise<Bucket> {
  const objects = new Map<string, Stored>()
  let waiting: { prefix: string; resolve: () => void } | undefined
  const put = (key: string, bytes: Buffer, headers: Record<string, string>) => {
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
    objects.set(key, { bytes, headers: { ...headers, etag, 'last-modified': new Date().toUTCString() } })
    return etag
  }
  const server = createServer((request, response) => {
    const key = decodeURIComponent(new URL(request.url ?? '/', 'http://s3').pathname.slice(1))
    const found = objects.get(key)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.method === 'PUT') {
        if (request.headers['if-none-match'] && found) return void response.writeHead(412).end()
        const kept = Object.entries(request.headers).filter(([name]) => /^(content-type$|x-amz-meta-)/.test(name))
        const etag = put(key, Buffer.concat(chunks), Object.fromEntries(kept) as Record<string, string>)
        response.writeHead(200, { etag }).end()
        if (waiting && key.startsWith(waiting.prefix)) waiting.resolve()
      } else if (request.method === 'DELETE') {
        objects.delete(key)
        response.writeHead(204).end()
      } else if (found) {
        response.writeHead(200, { ...found.headers, 'content-length': found.bytes.length })
        response.end(request.method === 'HEAD' ? undefined : found.bytes)
      } else if (request.method === 'HEAD') response.writeHead(/^[^/]+\/?$/.test(key) ? 200 : 404).end()
      else response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    reset(contents) {
      for (const key of objects.keys()) if (!key.endsWith('sentinel')) objects.delete(key)
      for (const [key, bytes] of Object.entries(contents))
        put(key, Buffer.from(bytes), { 'content-type': 'image/jpeg' })
    },
    stored: (prefix) =>
      new Promise((resolve) => {
        waiting = { prefix, resolve }
      }),
  }
}
