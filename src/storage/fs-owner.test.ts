// One owner at a time for a folder, whatever end its processes come to.

import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { open, outside, program, reopen, root, store } from '../../test/fixtures/folder-store.ts'
import { RESERVED_FOLDER } from './fs-names.ts'
import { readAll } from './storage.ts'

const JPEG = { contentType: 'image/jpeg' }
const bytesOf = (text: string) => new TextEncoder().encode(text)

describe('one owner at a time', () => {
  test('a second opener is told who has the folder; a reader may stand beside', async () => {
    await expect(open()).rejects.toMatchObject({
      code: 'storage.unavailable',
      message: expect.stringContaining(`(${process.pid})`),
    })
    await store.put('a', bytesOf('x'), JPEG)
    const code = `try { await fsStorage({ root: process.argv[1], name: 'originals', secret: new Uint8Array(32) }) } catch (error) { console.log(error.message) }`
    const { stdout } = await promisify(execFile)(process.execPath, program(code))
    expect(stdout).toContain(`is in use by process ${process.pid} on `)
    const reader = await open({ isReadOnly: true })
    expect((await reader.head('a'))?.bytes).toBe(1)
    await expect(reader.put('b', bytesOf('x'), JPEG)).rejects.toMatchObject({ code: 'storage.unavailable' })
    await reader.close?.()
  })

  test('the lock of a dead process, here or elsewhere, is taken over; one that is being kept elsewhere is not', async () => {
    await store.close?.()
    const lock = join(root, RESERVED_FOLDER, 'lock')
    await expect(stat(lock)).rejects.toMatchObject({ code: 'ENOENT' })
    const elsewhere = JSON.stringify({ id: 'x', pid: 1, host: 'elsewhere' })
    await writeFile(lock, elsewhere)
    await expect(open()).rejects.toMatchObject({ message: expect.stringContaining('process 1 on elsewhere') })
    const before = new Date(Date.now() - 60_000)
    await utimes(lock, before, before)
    await reopen()
    await store.close?.()
    await writeFile(lock, '')
    await reopen()
    expect(JSON.parse(await readFile(lock, 'utf8')).pid).toBe(process.pid)
  })

  test('killed at any moment, a put is whole or has not been', async () => {
    await store.close?.()
    const code = `
      import { createHash, randomBytes } from 'node:crypto'
      const store = await fsStorage({ root: process.argv[1], name: 'originals', secret: new Uint8Array(32) })
      for (let i = 0; ; i++) {
        const bytes = randomBytes(200_000)
        const sum = createHash('sha256').update(bytes).digest('hex')
        await store.put('deep/' + (i % 3), bytes, { contentType: 'image/' + sum, metadata: { sum } })
        console.log(i)
        if (i % 7 === 0) await store.delete('deep/' + (i % 3))
      }`
    let acknowledged = 0
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, program(code), { stdio: ['ignore', 'pipe', 'inherit'] })
      child.stdout.on('data', (data: Buffer) => {
        acknowledged += data.toString().trim().split('\n').length
      })
      await new Promise((resolve) => child.stdout.once('data', resolve))
      await sleep(Math.random() * 60)
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('close', resolve))
      await reopen()
      for (const head of await store.list()) {
        const body = await store.get(head.key)
        const sum = createHash('sha256')
          .update(await readAll(body!.stream, 1_000_000))
          .digest('hex')
        expect(body!.head).toMatchObject({
          bytes: 200_000,
          metadata: { sum },
          contentType: `image/${sum}`,
          etag: sum.slice(0, 32),
        })
      }
      expect(await readdir(join(root, RESERVED_FOLDER, 'tmp'))).toEqual([])
      await store.close?.()
    }
    expect(acknowledged).toBeGreaterThan(8)
    await reopen()
  }, 60_000)

  test('a folder that was replaced or is gone is no answer', async () => {
    await store.put('a', bytesOf('x'), JPEG)
    await rename(root, join(outside, 'moved'))
    const calls = [
      () => store.head('a'),
      () => store.get('a'),
      () => store.list(),
      () => store.delete('a'),
      () => store.put('b', bytesOf('x'), JPEG),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'storage.unavailable' })
    await mkdir(root)
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'storage.unavailable' })
    expect(await readdir(root)).toEqual([])
  })
})
