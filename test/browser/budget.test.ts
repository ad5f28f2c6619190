// What the dashboard may weigh, compressed: what comes with the page, and what is fetched only when it is needed.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const WEB = resolve(import.meta.dirname, '../../dist/web')
const files = readdirSync(join(WEB, 'assets')).filter((name) => /\.(js|css)$/.test(name))
const page = readFileSync(join(WEB, 'index.html'), 'utf8')
const weigh = (names: string[]) =>
  names.reduce((sum, name) => sum + gzipSync(readFileSync(join(WEB, 'assets', name))).length, 0)

/** Named by the page itself, or imported at once by what it names. */
function initial(ending: string): string[] {
  const found = new Set(files.filter((name) => page.includes(name)))
  for (const name of found) {
    const text = readFileSync(join(WEB, 'assets', name), 'utf8')
    for (const other of files) if (new RegExp(`(from|import) ?["'\`]\\./${other}`).test(text)) found.add(other)
  }
  return [...found].filter((name) => name.endsWith(ending))
}

it.each([
  ['.js', 60_000],
  ['.css', 10_000],
])('the %s files of the page stay within %i bytes', (ending, maxBytes) => {
  const names = initial(ending)
  expect(names).not.toEqual([])
  expect(weigh(names)).toBeLessThanOrEqual(maxBytes)
})

it.each([
  ['sender', 30_000],
  ['proof-worker', 90_000],
])('%s is fetched apart and stays within %i bytes', (part, maxBytes) => {
  const names = files.filter((name) => name.startsWith(`${part}-`))
  expect(names).toHaveLength(1)
  expect([...initial('.js'), ...initial('.css')]).not.toContain(names[0])
  expect(weigh(names)).toBeLessThanOrEqual(maxBytes)
})

it('nothing else is fetched', () => {
  const known = [...initial('.js'), ...initial('.css'), ...files.filter((name) => /^(sender|proof-worker)-/.test(name))]
  expect([...files].sort()).toEqual([...known].sort())
})
