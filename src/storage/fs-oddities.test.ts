import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FsStorage, type FsStorageOptions, fsStorage } from './fs.ts'
import { RESERVED_FOLDER } from './fs-names.ts'
import { readAll, type StoreEvent } from './storage.ts'

const secret = new Uint8Array(32).fill(7)
const JPEG = { contentType: 'image/jpeg' }
const bytesOf = (text: string) => new TextEncoder().encode(text)
const module = JSON.stringify(new URL('./fs.ts', import.meta.url).href)

let outside: string
let root: string
let store: FsStorage
let warnings: string[]

const open = (options: Partial<FsStorageOptions> = {}) =>
  fsStorage({
    root,
    name: 'originals',
    secret,
    stableMs: 100,
    onWarning: (message) => warnings.push(message),
    ...options,
  })

beforeEach(async () => {
  outside = await realpath(await mkdtemp(join(tmpdir(), 'thumbsmith-')))
  root = join(outside, 'store')
  warnings = []
  store = await open()
})

afterEach(async () => {
  await store.close?.()
  await rm(outside, { recursive: true })
})

const drop = async (name: string, text: string) => {
  await mkdir(join(root, name, '..'), { recursive: true })
  await writeFile(join(root, name), text)
}
const textAt = async (key: string) => {
  const body = await store.get(key)
  return body && Buffer.from(await readAll(body.stream, 10_000_000)).toString()
}
const keys = async () => (await store.list()).map((head) => head.key)

/** A program in its own process, with the store's folder as its argument. */
const program = (code: string) => ['--input-type=module', '-e', `import { fsStorage } from ${module}\n${code}`, root]

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
    store = await open()
    await store.close?.()
    await writeFile(lock, '')
    store = await open()
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
      store = await open()
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
    store = await open()
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

/** A mount of its own, seen by nobody else, also without being root. */
const inOwnMounts = (script: string, code: string) => {
  const node = [process.execPath, ...program(code)].map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ')
  return promisify(execFile)('unshare', ['-rm', 'sh', '-ec', `${script}\n${node}`])
}
const canMount = await promisify(execFile)('unshare', ['-rm', 'sh', '-ec', 'mount -t tmpfs tmpfs /mnt']).then(
  () => true,
  () => false,
)

describe.runIf(canMount)('disks that fail (where this machine lets us mount some)', () => {
  const answers = `
    import { execFileSync } from 'node:child_process'
    const root = process.argv[1]
    const warnings = []
    const store = await fsStorage({ root, name: 'originals', secret: new Uint8Array(32), stableMs: 50, onWarning: (message) => warnings.push(message) })
    const codeOf = (promise) => promise.then(() => 'ok', (error) => error.code + ' ' + error.message)
    const put = (key, bytes) => codeOf(store.put(key, new Uint8Array(bytes), { contentType: 'image/jpeg' }))`

  test('full, read-only, unmounted', async () => {
    const { stdout } = await inOwnMounts(
      `mount -t tmpfs -o size=2m tmpfs '${root}'`,
      `${answers}
      const results = [await put('a', 1000), await put('b', 5_000_000), (await store.list()).map((head) => head.key).join()]
      results.push(await put('c', 1000))
      execFileSync('mount', ['-o', 'remount,ro', root])
      results.push(await put('d', 1000), await codeOf(store.delete('a')), await codeOf(store.head('a')))
      execFileSync('umount', ['-l', root])
      results.push(await codeOf(store.head('a')), await codeOf(store.list()))
      console.log(JSON.stringify(results))
      process.exit()`,
    )
    const full = expect.stringMatching(/^storage\.full There is no space left in /)
    const readOnly = expect.stringMatching(/^storage\.unavailable .* is on a read-only file system/)
    const unmounted = expect.stringMatching(/^storage\.unavailable .* Is its disk mounted\?/)
    expect(JSON.parse(stdout)).toEqual(['ok', full, 'a', 'ok', readOnly, readOnly, 'ok', unmounted, unmounted])
  })

  test('too few watches: a warning with the mend, and no crash', async () => {
    await store.close?.()
    const { stdout } = await inOwnMounts(
      'echo 3 > /proc/sys/user/max_inotify_watches',
      `${answers}
      import { mkdirSync } from 'node:fs'
      for (let i = 0; i < 10; i++) mkdirSync(root + '/' + i)
      await store.watch(() => {})
      console.log(JSON.stringify([await put('a', 1000), warnings]))
      process.exit()`,
    )
    const [answer, told] = JSON.parse(stdout)
    expect(answer).toBe('ok')
    expect(told[0]).toContain('sysctl fs.inotify.max_user_watches')
  })
})

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
    store = await open({ stableMs: 1000 })
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

describe('tickets', () => {
  const policy = {
    method: 'POST',
    key: 'a.jpg',
    contentType: 'image/jpeg',
    minBytes: 1,
    maxBytes: 100_000,
    metadata: {},
    expiresInSeconds: 60,
  } as const
  const fields = async () => {
    const ticket = await store.signUpload(policy)
    return Object.entries(ticket.method === 'POST' ? ticket.fields : {})
  }
  const endless = () => {
    const sent = { bytes: 0, isCancelled: false }
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent.bytes += 10_000
        controller.enqueue(new Uint8Array(10_000))
      },
      cancel() {
        sent.isCancelled = true
      },
    })
    return { sent, stream }
  }

  test('a body that is too long is not read further', async () => {
    const { sent, stream } = endless()
    await expect(store.acceptPost(await fields(), stream)).rejects.toMatchObject({ code: 'ticket.too_large' })
    expect(sent.isCancelled).toBe(true)
    expect(sent.bytes).toBeLessThanOrEqual(130_000)
    expect(await readdir(join(root, RESERVED_FOLDER, 'tmp'))).toEqual([])
  })

  test('a field that came twice, is missing, wrong or unknown is named', async () => {
    const good = await fields()
    const cases: [[string, string][], string][] = [
      [[...good, ['KEY', 'a.jpg']], '"KEY" came twice'],
      [good.filter(([field]) => field !== 'Content-Type'), '"Content-Type" is missing'],
      [good.map(([field, value]) => [field, field === 'key' ? 'b.jpg' : value]), '"key" does not match'],
      [[...good, ['acl', 'public-read']], '"acl" is not part of the ticket'],
    ]
    for (const [changed, message] of cases)
      await expect(store.acceptPost(changed, endless().stream)).rejects.toMatchObject({
        code: 'ticket.refused',
        message: expect.stringContaining(message),
      })
    expect(await keys()).toEqual([])
  })

  test('a ticket is good for its own store, method and time only', async () => {
    const good = await fields()
    await store.close?.()
    store = await open({ name: 'renditions' })
    await expect(store.acceptPost(good, endless().stream)).rejects.toMatchObject({ code: 'ticket.refused' })
    await store.close?.()
    store = await open({ now: () => Date.now() + 61_000 })
    await expect(store.acceptPost(good, endless().stream)).rejects.toMatchObject({ code: 'ticket.expired' })
    const query = new URLSearchParams(good.filter(([field]) => field === 'policy' || field.endsWith('signature')))
    const put = store.acceptPut('a.jpg', query, new Headers({ 'content-type': 'image/jpeg' }), endless().stream)
    await expect(put).rejects.toMatchObject({ code: 'ticket.refused' })
  })

  test('links tell what they allow, and nothing in them can be changed', async () => {
    const link = await store.signDownload('a/b.jpg', {
      expiresInSeconds: 60,
      disposition: { type: 'inline', filename: 'ü.jpg' },
    })
    const query = () => new URL(link, 'http://localhost').searchParams
    expect(store.verifyDownload('a/b.jpg', query())).toEqual({
      expiresInSeconds: expect.closeTo(60, -1),
      disposition: { type: 'inline', filename: 'ü.jpg' },
    })
    for (const [name, value] of [
      ['e', '99999999999'],
      ['d', 'attachment'],
      ['f', 'x.html'],
      ['s', ''],
      ['e', ''],
    ] as const) {
      const changed = query()
      changed.set(name, value)
      expect(() => store.verifyDownload('a/b.jpg', changed)).toThrow('The link is not valid')
    }
    expect(() => store.verifyDownload('a/c.jpg', query())).toThrow('The link is not valid')
  })
})
