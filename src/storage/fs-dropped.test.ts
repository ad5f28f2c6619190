// Files that people drop into the folder store by hand: whatever they are called, however they come and change.
import { appendFile, copyFile, readdir, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { drop, keys, outside, root, store, textAt, warnings } from '../../test/fixtures/folder-store.ts'
import { RESERVED_FOLDER } from './fs-names.ts'
import { readAll } from './storage.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

const JPEG = { contentType: 'image/jpeg' }

describe('files that people drop', () => {
  test('are objects under their own name, with a type by their extension', async () => {
    await drop('uploads/Ferien 100% ü.JPG', 'holiday')
    const head = await store.head('uploads/Ferien 100% ü.JPG')
    expect(head).toMatchObject({ bytes: 7, contentType: 'image/jpeg', metadata: {} })
    expect(await store.list()).toEqual([head])
    expect(await textAt('uploads/Ferien 100% ü.JPG')).toBe('holiday')
    await drop('uploads/Ferien 100% ü.JPG', 'HOLIDAY')
    expect((await store.head('uploads/Ferien 100% ü.JPG'))?.etag).not.toBe(head?.etag)
  })

  test('are replaced and removed like any other', async () => {
    await drop('a/b.jpg', 'dropped')
    const { etag } = (await store.head('a/b.jpg'))!
    await expect(store.put('a/b.jpg', bytesOf('x'), { ...JPEG, ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'storage.precondition_failed',
    })
    await store.put('a/b.jpg', bytesOf('put'), { ...JPEG, ifMatch: etag })
    expect(await textAt('a/b.jpg')).toBe('put')
    await store.delete('a/b.jpg')
    expect((await readdir(root)).sort()).toEqual([RESERVED_FOLDER])
  })

  test('are told, once, where no key is written like their name', async () => {
    await drop('CON.jpg', 'x')
    await drop('fine.jpg', 'x')
    await symlink('/etc/passwd', join(root, 'link.jpg'))
    for (let i = 0; i < 3; i++) expect(await keys()).toEqual(['fine.jpg'])
    expect(warnings.sort()).toEqual([
      expect.stringMatching(/CON\.jpg is left alone: .*Rename it, for example to "%43ON\.jpg"/),
      expect.stringMatching(/link\.jpg is left alone: .*no link is followed/),
    ])
  })

  test.runIf(process.platform === 'linux')('are told where their name is no UTF-8', async () => {
    const name = Buffer.from('caf\xe9.jpg', 'latin1')
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), name]), 'x')
    await drop('caf\ufffd.png', 'x')
    for (let i = 0; i < 2; i++) expect(await keys()).toEqual(['caf\ufffd.png'])
    expect(warnings).toEqual([
      expect.stringMatching(/\/caf\\xe9\.jpg is left alone: its name is not UTF-8\. Rename it/),
    ])
  })

  test('a version restored from a backup has its metadata again; another file of the same size has not', async () => {
    const first = await store.put('a.jpg', bytesOf('one'), { ...JPEG, metadata: { title: '1' } })
    await copyFile(join(root, 'a.jpg'), join(outside, 'backup'))
    await store.put('a.jpg', bytesOf('two'), { ...JPEG, metadata: { title: '2' } })
    await copyFile(join(outside, 'backup'), join(root, 'a.jpg'))
    expect(await store.head('a.jpg')).toMatchObject({ etag: first.etag, metadata: { title: '1' } })
    await writeFile(join(root, 'a.jpg'), 'six')
    expect(await store.head('a.jpg')).toMatchObject({ metadata: {} })
    await copyFile(join(outside, 'backup'), join(root, 'a.jpg'))
    expect(await store.head('a.jpg')).toMatchObject({ etag: first.etag, metadata: { title: '1' } })
  })

  test('a file that is being written all the time can be seen, and reads end', async () => {
    let isWriting = true
    const write = async () => {
      while (isWriting) await appendFile(join(root, 'log.jpg'), 'x'.repeat(5000))
    }
    const writing = write()
    await vi.waitFor(async () => expect(await keys()).toEqual(['log.jpg']))
    for (let i = 0; i < 10; i++) {
      expect((await store.head('log.jpg'))?.contentType).toBe('image/jpeg')
      const read = store.get('log.jpg').then((body) => readAll(body!.stream, 1e9))
      await read.catch((error) => expect(error).toMatchObject({ code: 'storage.precondition_failed' }))
    }
    isWriting = false
    await writing
  })

  test('a large folder is listed as it is, also while it changes', async () => {
    const names = Array.from({ length: 1200 }, (_, i) => `many/${String(i).padStart(4, '0')}.jpg`)
    for (const name of names) await drop(name, '')
    for (let i = 0; i < 2; i++) expect((await store.list({ limit: 2000 })).map((head) => head.key)).toEqual(names)
    await unlink(join(root, names[5]!))
    await drop('many/0005x.jpg', '')
    expect((await store.list({ after: names[4]!, limit: 1 }))[0]?.key).toBe('many/0005x.jpg')
  })
})
