// What a folder store tells of the changes that others make.

import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { appendFile, mkdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { drop, keys, reopen, root, store, warnings } from '../../test/fixtures/folder-store.ts'
import type { StoreEvent } from './storage.ts'

const JPEG = { contentType: 'image/jpeg' }
const bytesOf = (text: string) => new TextEncoder().encode(text)

describe('watching', () => {
  const events: StoreEvent[] = []
  const settled = async (expected: StoreEvent[]) => {
    await vi.waitFor(() => expect(events).toEqual(expected), { timeout: 5000 })
    await sleep(400)
    expect(events).toEqual(expected)
    events.length = 0
  }

  test('tells what others create, change and remove, and not what we do', async () => {
    events.length = 0
    await drop('there already.jpg', 'x')
    const stop = await store.watch!((event) => events.push(event))
    await drop('new/a b.jpg', 'x')
    await settled([{ kind: 'created', key: 'new/a b.jpg' }])
    await drop('new/a b.jpg', 'xy')
    await settled([{ kind: 'created', key: 'new/a b.jpg' }])
    await store.put('new/ours.jpg', bytesOf('x'), JPEG)
    await store.put('CON.jpg', bytesOf('x'), JPEG)
    await store.put('there already.jpg', bytesOf('y'), JPEG)
    await sleep(300)
    await store.delete('there already.jpg')
    await settled([])
    await unlink(join(root, '%43ON.jpg'))
    await settled([{ kind: 'removed', key: 'CON.jpg' }])
    await stop()
    await drop('after.jpg', 'x')
    await settled([])
  })

  test('tells what others remove where we had removed before, and in a folder that was away for a moment', async () => {
    events.length = 0
    await store.put('deep/er/a.jpg', bytesOf('x'), JPEG)
    await store.watch!((event) => events.push(event))
    await store.delete('deep/er/a.jpg')
    await drop('deep/er/a.jpg', 'y')
    await settled([{ kind: 'created', key: 'deep/er/a.jpg' }])
    await unlink(join(root, 'deep/er/a.jpg'))
    await settled([{ kind: 'removed', key: 'deep/er/a.jpg' }])
  })

  test.runIf(process.platform === 'linux')('what cannot be an object is told as soon as it is dropped', async () => {
    events.length = 0
    await mkdir(join(root, 'a'))
    await store.watch!((event) => events.push(event))
    await writeFile(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from('caf\xe9.jpg', 'latin1')]), 'x')
    await drop('a/x:y.jpg', 'x')
    const told = [
      expect.stringMatching(/\/a\/caf\\xe9\.jpg is left alone: its name is not UTF-8/),
      expect.stringMatching(/\/a\/x:y\.jpg is left alone: .*for example to "x%3Ay\.jpg"/),
    ]
    await vi.waitFor(() => expect([...warnings].sort()).toEqual(told), { timeout: 5000 })
    expect(await keys()).toEqual([])
    expect([...warnings].sort()).toEqual(told)
    await settled([])
  })

  test('a file that is copied slowly is told once it is whole', async () => {
    events.length = 0
    const sizes: number[] = []
    // Far longer than a busy machine pauses between two writes.
    await store.close?.()
    await reopen({ stableMs: 1000 })
    await store.watch!((event) => {
      events.push(event)
      sizes.push(statSync(join(root, event.key)).size)
    })
    for (let i = 0; i < 15; i++) {
      await appendFile(join(root, 'slow.jpg'), randomBytes(1000))
      await sleep(40)
    }
    await settled([{ kind: 'created', key: 'slow.jpg' }])
    expect(sizes).toEqual([15_000])
  })
})
