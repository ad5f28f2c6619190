// Which files of which packages browsers may have, and that they are the right ones.
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { packageFiles } from './package-files.ts'

const read = packageFiles()

it('gives Skia, compressed, and the files of the fonts', async () => {
  const skia = (await read('canvaskit-wasm/bin/canvaskit.wasm'))!
  expect(skia.contentType).toBe('application/wasm')
  expect([...skia.body.subarray(0, 4)]).toEqual([0, 0x61, 0x73, 0x6d])
  expect(gunzipSync(skia.gzip!).equals(skia.body)).toBe(true)
  for (const name of ['@fontsource/anton', '@fontsource-variable/noto-sans-jp']) {
    const table = (await read(`${name}/unicode.json`))!
    expect(JSON.parse(new TextDecoder().decode(table.body))).toHaveProperty('latin')
  }
  const font = (await read('@fontsource/anton/files/anton-latin-400-normal.woff2'))!
  expect(font.contentType).toBe('font/woff2')
  expect(new TextDecoder().decode(font.body.subarray(0, 4))).toBe('wOF2')
})

it.each([
  'canvaskit-wasm/package.json',
  'canvaskit-wasm/bin/full/canvaskit.wasm',
  '@fontsource/anton/package.json',
  '@fontsource/anton/files/../package.json',
  '@fontsource/none/unicode.json',
  'sharp/package.json',
  '../package.json',
  '',
])('gives nothing else: %s', async (path) => {
  expect(await read(path)).toBeUndefined()
})
