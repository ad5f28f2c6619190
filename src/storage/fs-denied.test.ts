// What this user may not read, and that it takes nothing else away. Runs as somebody to whom something can be denied.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const module = JSON.stringify(new URL('./fs.ts', import.meta.url).href)

let outside: string
let root: string
beforeEach(async () => {
  outside = await realpath(await mkdtemp(join(tmpdir(), 'thumbsmith-')))
  root = join(outside, 'store')
  await mkdir(root)
})
afterEach(() => rm(outside, { recursive: true }))

/** Runs the code as somebody who is not the administrator, to whom nothing is denied. Answers with what it hands to `say`. */
const asAnybody = async (code: string) => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    `import { fsStorage } from ${module}
      import { execFileSync } from 'node:child_process'
      import { chmodSync, writeFileSync } from 'node:fs'
      const root = process.argv[1]
      if (process.getuid() === 0) {
        execFileSync('chown', ['-R', '65534:65534', root + '/..'])
        process.setgid(65534)
        process.setuid(65534)
      }
      const warnings = []
      const store = await fsStorage({ root, name: 'originals', secret: new Uint8Array(32), onWarning: (message) => warnings.push(message) })
      const codeOf = (promise) => promise.then(() => 'ok', (error) => error.code + ' ' + error.message)
      const keys = async (options) => (await store.list(options)).map((head) => head.key).join()
      for (const key of ['open/a.jpg', 'shut/b.jpg', 'shut/deep/c.jpg', 'z.jpg']) await store.put(key, Buffer.from(key), { contentType: 'image/jpeg' })
      const say = (answer) => console.log(JSON.stringify(answer))
      ${code}
      for (const path of ['', '/shut', '/z.jpg']) chmodSync(root + path, 0o700)
      await store.close()`,
    root,
  ])
  return JSON.parse(stdout)
}
describe('what may not be read', () => {
  const denied = expect.stringMatching(/^storage\.denied The file ".*" may not be read\. Let the user/)

  test.each([
    ['', 0o000],
    [' but for its names', 0o400],
  ])('of a folder%s takes nothing else away, is told once, and is not taken for removed', async (_, mode) => {
    const answer = await asAnybody(`
      chmodSync(root + '/shut', ${mode})
      const lists = [await keys(), await keys(), await keys({ prefix: 'shut/' }), await keys({ prefix: 'shut/deep/' })]
      say([lists, await codeOf(store.head('shut/b.jpg')), await codeOf(store.get('shut/deep/c.jpg')), await codeOf(store.head('z.jpg')), warnings])`)
    const [lists, head, get, other, told] = answer
    expect(lists).toEqual(['open/a.jpg,z.jpg', 'open/a.jpg,z.jpg', '', ''])
    expect([head, get, other]).toEqual([denied, denied, 'ok'])
    expect(told.filter((message: string) => /\/shut is left alone: .*own it/.test(message))).toHaveLength(1)
  })

  test('of one file is told by its name, also where its bytes would tell which version it is', async () => {
    const answer = await asAnybody(`
      chmodSync(root + '/z.jpg', 0)
      const first = [await codeOf(store.head('z.jpg')), await codeOf(store.get('z.jpg'))]
      chmodSync(root + '/z.jpg', 0o600)
      writeFileSync(root + '/z.jpg', 'Z.JPG')
      chmodSync(root + '/z.jpg', 0)
      say([...first, await codeOf(store.head('z.jpg')), await keys()])`)
    expect(answer).toEqual(['ok', denied, 'ok', 'open/a.jpg,shut/b.jpg,shut/deep/c.jpg,z.jpg'])
  })

  test('of the store itself is still an outage', async () => {
    const away = expect.stringMatching(/^storage\.unavailable The folder .* may not be read/)
    const answer = await asAnybody(`
      chmodSync(root, 0)
      say([await codeOf(store.list()), await codeOf(store.head('z.jpg')), await codeOf(store.get('open/a.jpg'))])`)
    expect(answer).toEqual([away, away, away])
  })
})
