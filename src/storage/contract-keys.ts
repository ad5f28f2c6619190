// The part of the storage contract that is about names: listings in order, and keys that have broken stores.
import assert from 'node:assert/strict'
import { bytesOf, type Cases, fails, JPEG, keysOf, textAt } from './contract-harness.ts'
import { AFTERS, LISTED, ODD_KEYS, PREFIXES, REFUSED_KEYS, TWINS } from './contract-odd-keys.ts'
import { compareKeys } from './storage.ts'

export const listCases: Cases = {
  async 'lists in the order of bytes, by prefix, after a key, up to a limit'({ storage }) {
    const keys = [...LISTED].sort(compareKeys)
    for (const key of keys) await storage.put(key, bytesOf(key), JPEG)
    assert.deepEqual(await keysOf(storage), keys)
    const check = async (prefix: string, after: string, limit: number) => {
      const expected = keys.filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0).slice(0, limit)
      const listed = await storage.list({ prefix, after, limit })
      assert.deepEqual(
        listed.map((head) => head.key),
        expected,
        JSON.stringify({ prefix, after, limit }),
      )
    }
    for (const prefix of PREFIXES)
      await Promise.all(AFTERS.flatMap((after) => [1, 3, 1000].map((limit) => check(prefix, after, limit))))
  },

  async 'listed heads have the size and etag of the object'({ storage }) {
    await storage.put('a', bytesOf('12345'), JPEG)
    const [listed] = await storage.list()
    const head = await storage.head('a')
    assert.ok(listed && head)
    assert.deepEqual([listed.key, listed.etag, listed.bytes], ['a', head.etag, 5])
    assert.ok(Math.abs(listed.modified.getTime() - head.modified.getTime()) < 1000)
  },

  async 'pages go on where the last one ended'({ storage }) {
    const keys = Array.from({ length: 23 }, (_, i) => `page/${i}`).sort(compareKeys)
    await Promise.all(keys.map((key) => storage.put(key, bytesOf(key), JPEG)))
    const pages: string[][] = []
    for (let after = ''; ; ) {
      const page = (await storage.list({ prefix: 'page/', after, limit: 5 })).map((head) => head.key)
      if (page.length === 0) break
      pages.push(page)
      after = page.at(-1)!
    }
    assert.deepEqual(
      pages.map((page) => page.length),
      [5, 5, 5, 5, 3],
    )
    assert.deepEqual(pages.flat(), keys)
  },
}

export function keyCases(): Cases {
  const cases: Cases = {
    async 'keys that no store takes are refused'({ storage }) {
      for (const key of REFUSED_KEYS) {
        await fails('key.invalid', storage.put(key, bytesOf('x'), JPEG))
        await fails('key.invalid', storage.head(key))
        await fails('key.invalid', storage.get(key))
        await fails('key.invalid', storage.delete(key))
      }
      assert.deepEqual(await keysOf(storage), [])
    },

    async 'keys: twins are kept apart or refused'({ storage }) {
      for (const [one, other] of TWINS) {
        await storage.put(one, bytesOf(one), JPEG)
        const twin = await storage.put(other, bytesOf(other), JPEG).then(
          () => other,
          (error: unknown) => fails('key.conflict', Promise.reject(error)),
        )
        assert.equal(await textAt(storage, one), one)
        assert.equal(await textAt(storage, other), twin ?? undefined)
        assert.equal((await storage.head(other))?.key, twin ?? undefined)
      }
    },
  }
  for (const [name, keys] of Object.entries(ODD_KEYS))
    cases[`keys: ${name}`] = async ({ storage }) => {
      for (const key of keys) await storage.put(key, bytesOf(`of ${key}`), JPEG)
      assert.deepEqual(await keysOf(storage), [...keys].sort(compareKeys))
      for (const key of keys) {
        assert.equal((await storage.head(key))?.key, key)
        assert.equal(await textAt(storage, key), `of ${key}`)
        assert.deepEqual(
          (await storage.list({ prefix: key, limit: 1 })).map((head) => head.key),
          [key],
        )
      }
      for (const key of keys) await storage.delete(key)
      assert.deepEqual(await keysOf(storage), [])
    }
  return cases
}
