// The engine as a library: the README's example, run as it stands, and its types.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { photo } from '../../test/fixtures/pictures.ts'
import { render } from './render.ts'

test('the example of the README', async () => {
  const readme = await readFile('README.md', 'utf8')
  const [, example] = /```ts\n([^`]*'thumbsmith\/render'[^`]*)```/.exec(readme) ?? []
  const folder = await mkdtemp(join(tmpdir(), 'library-'))
  try {
    await writeFile(join(folder, 'photo.jpg'), await photo({ width: 900, height: 600 }))
    const engine = new URL('render.ts', import.meta.url).href
    await writeFile(join(folder, 'example.mts'), example!.replace('thumbsmith/render', engine))
    const { stdout } = await promisify(execFile)(process.execPath, ['example.mts'], { cwd: folder })
    expect(stdout).toBe('900 600\n')
    expect(await sharp(join(folder, 'small.jpg')).metadata()).toMatchObject({ format: 'jpeg', width: 512, height: 341 })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('outcomes are typed by the names of the presets', async () => {
  const { renditions } = await render({ bytes: await photo(), presets: { small: { width: 64 } } })
  // Neither `?` nor `!`: the compiler knows that it is there.
  expect('rendered' in renditions.small && renditions.small.rendered.width).toBe(64)
})
