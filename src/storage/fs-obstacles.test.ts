// What stands in the way in a folder: other files, links, and writers and readers at the same moment.
import { appendFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { drop, keys, outside, root, store, textAt } from '../../test/fixtures/folder-store.ts'
import { RESERVED_FOLDER } from './fs-names.ts'
import { readAll } from './storage.ts'

const JPEG = { contentType: 'image/jpeg' }
const bytesOf = (text: string) => new TextEncoder().encode(text)

describe('what stands in the way', () => {
  test('a key cannot be a folder and an object', async () => {
    await store.put('a', bytesOf('x'), JPEG)
    await store.put('b/c', bytesOf('x'), JPEG)
    for (const key of ['a/b', 'a/b/c', 'b']) {
      await expect(store.put(key, bytesOf('x'), JPEG)).rejects.toMatchObject({ code: 'key.conflict' })
      expect(await store.head(key)).toBeUndefined()
    }
    expect(await keys()).toEqual(['a', 'b/c'])
    expect(await readdir(join(root, RESERVED_FOLDER, 'tmp'))).toEqual([])
  })

  test('an empty folder is in nobody’s way', async () => {
    await mkdir(join(root, 'a'))
    await store.put('a', bytesOf('x'), JPEG)
    expect(await textAt('a')).toBe('x')
  })

  test('no link leads out of the store', async () => {
    const target = join(outside, 'target')
    await mkdir(target)
    await writeFile(join(target, 'secret.jpg'), 'secret')
    await symlink(target, join(root, 'linked'))
    await symlink(join(target, 'secret.jpg'), join(root, 'file.jpg'))
    for (const key of ['linked/new.jpg', 'linked/secret.jpg', 'file.jpg'])
      await expect(store.put(key, bytesOf('x'), JPEG)).rejects.toMatchObject({ code: 'key.conflict' })
    for (const key of ['linked/secret.jpg', 'file.jpg']) {
      expect(await store.head(key)).toBeUndefined()
      await store.delete(key)
    }
    expect(await store.list({ prefix: 'linked/' })).toEqual([])
    expect(await readFile(join(target, 'secret.jpg'), 'utf8')).toBe('secret')
    expect(await readdir(target)).toEqual(['secret.jpg'])
  })

  test('puts and deletes in one folder do not trip each other', async () => {
    const rounds = Array.from({ length: 40 }, (_, i) => i)
    await Promise.all(
      rounds.map(async (i) => {
        await store.put(`deep/er/${i % 4}/${i}`, bytesOf(`${i}`), JPEG)
        expect(await textAt(`deep/er/${i % 4}/${i}`)).toBe(`${i}`)
        await store.delete(`deep/er/${i % 4}/${i}`)
      }),
    )
    expect(await readdir(root)).toEqual([RESERVED_FOLDER])
  })

  test('readers among writers see each version with its own metadata', async () => {
    const body = (i: number) => Buffer.alloc(1000 + i, String(i))
    await store.put('a', body(0), { ...JPEG, metadata: { i: '0' } })
    let isWriting = true
    const read = async () => {
      while (isWriting) {
        const found = await store.get('a')
        const bytes = Buffer.from(await readAll(found!.stream, 10_000))
        expect(bytes.equals(body(Number(found!.head.metadata.i)))).toBe(true)
      }
    }
    const readers = [read(), read(), read()]
    for (let i = 1; i < 60; i++) await store.put('a', body(i), { ...JPEG, metadata: { i: String(i) } })
    isWriting = false
    await Promise.all(readers)
  })

  test('a file that somebody writes into while it is read fails the read', async () => {
    await drop('a', 'x'.repeat(1_000_000))
    const body = await store.get('a')
    await appendFile(join(root, 'a'), 'y')
    await expect(readAll(body!.stream, 10_000_000)).rejects.toMatchObject({ code: 'storage.precondition_failed' })
  })
})
