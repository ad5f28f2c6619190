// What the cases of the storage contract stand on: a store, the way to it, and the questions they all ask.
import assert from 'node:assert/strict'
import { type ErrorCode, ThumbsmithError } from '../errors.ts'
import { listAll, type ObjectBody, readAll, type Storage } from './storage.ts'

/** An empty store, and the way on which clients reach it. */
export interface StorageHarness {
  storage: Storage
  /** Sends what a client would send; a URL that the store gave as `/…` comes as `http://localhost/…`. */
  send: (request: Request) => Promise<Response>
  close(): Promise<void>
}

export type Cases = Record<string, (harness: StorageHarness) => Promise<void>>

export const MANY_BYTES = 10_000_000
export const JPEG = { contentType: 'image/jpeg' }
export const bytesOf = (text: string) => new TextEncoder().encode(text)

export async function textAt(storage: Storage, key: string): Promise<string | undefined> {
  const body = await storage.get(key)
  return body && textOf(body)
}

export async function textOf(body: ObjectBody): Promise<string> {
  return Buffer.from(await readAll(body.stream, MANY_BYTES)).toString('utf8')
}

export async function keysOf(storage: Storage): Promise<string[]> {
  const keys: string[] = []
  for await (const head of listAll(storage)) keys.push(head.key)
  return keys
}

export async function fails(code: ErrorCode, run: Promise<unknown>): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof ThumbsmithError, String(error))
    assert.equal(error.code, code)
    return true
  })
}
