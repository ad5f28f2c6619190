import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { ThumbsmithError } from '../errors.ts'
import { keyOfId } from '../original.ts'
import { storageContract } from './contract.ts'
import { type FsStorage, fsStorage } from './fs.ts'

const secret = new Uint8Array(32).fill(7)

/** The least that an HTTP server does around the folder. */
async function serve(storage: FsStorage, request: Request): Promise<Response> {
  const url = new URL(request.url)
  const key = keyOfId(url.pathname.split('/')[3] ?? '') ?? ''
  try {
    if (request.method === 'POST') {
      const { file, ...fields } = Object.fromEntries(await request.formData())
      await storage.acceptPost(Object.entries(fields as Record<string, string>), (file as File).stream())
      return new Response(null, { status: 204 })
    }
    if (request.method === 'PUT') {
      await storage.acceptPut(key, url.searchParams, request.headers, request.body!)
      return new Response(null, { status: 204 })
    }
    const { disposition } = storage.verifyDownload(key, url.searchParams)
    const body = await storage.get(key)
    const name = `filename*=UTF-8''${encodeURIComponent(disposition?.filename ?? '')}`
    const headers = { 'content-type': body!.head.contentType, 'content-disposition': `${disposition?.type}; ${name}` }
    return new Response(body!.stream, { headers })
  } catch (error) {
    if (error instanceof ThumbsmithError) return new Response(error.message, { status: error.status })
    throw error
  }
}

async function newFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'thumbsmith-')))
}

storageContract({
  describe,
  it,
  async open() {
    const root = await newFolder()
    const storage = await fsStorage({ root, name: 'originals', secret })
    return {
      storage,
      send: (request) => serve(storage, request),
      async close() {
        await storage.close?.()
        await rm(root, { recursive: true })
      },
    }
  },
})
