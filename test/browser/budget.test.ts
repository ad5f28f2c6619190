// What the dashboard may weigh: 60 KB of script and 10 KB of style in all, compressed.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const ASSETS = resolve(import.meta.dirname, '../../dist/web/assets')

it.each([
  ['.js', 60_000],
  ['.css', 10_000],
])('all %s files together stay within %i bytes', (ending, maxBytes) => {
  const files = readdirSync(ASSETS).filter((name) => name.endsWith(ending))
  expect(files).not.toEqual([])
  const bytes = files.reduce((sum, name) => sum + gzipSync(readFileSync(join(ASSETS, name))).length, 0)
  expect(bytes).toBeLessThanOrEqual(maxBytes)
})
