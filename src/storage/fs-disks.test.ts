// Disks that fail under a folder store: full, read-only, gone, or with too few watches.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { program, root, store } from '../../test/fixtures/folder-store.ts'

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
