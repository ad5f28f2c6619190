// The command line as a person runs it: a process, its output and its exit code.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { photo } from '../../test/fixtures/pictures.ts'
import { parseConfig } from '../config.ts'
import { ensureSentinel } from '../sentinel.ts'
import { openStores } from './stores.ts'

const CLI = fileURLToPath(new URL('./cli.ts', import.meta.url))
const YAML = `
presets: { small: { width: 16 }, tiny: { width: 8 } }
rules: [{ name: uploads, prefix: u/, presets: [small] }]
`
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thumbsmith-'))
  await writeFile(join(folder, 'thumbsmith.yaml'), YAML)
  await writeFile(join(folder, 'photo.jpg'), await photo({ width: 40, height: 30 }))
})
afterEach(() => rm(folder, { recursive: true }))

const ENV = () => ({ THUMBSMITH_ORIGINALS: `file:${folder}/o`, THUMBSMITH_RENDITIONS: `file:${folder}/r` })
const run = (...args: string[]) =>
  new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    execFile(
      process.execPath,
      [CLI, ...args],
      { cwd: folder, env: { PATH: process.env.PATH, ...ENV() } },
      (error, out, err) => resolve({ code: error?.code ?? 0, out, err }),
    )
  })
/** Each run is a whole program, and several run at once. */
const timeout = 60_000

describe('thumbsmith render', { timeout }, () => {
  it('makes the presets that are named, as often as they are, before or after the files', async () => {
    const [first, both] = await Promise.all([
      run('render', '--preset', 'small', 'photo.jpg', '--out', 'first'),
      run('render', 'photo.jpg', '-p', 'small', '-p', 'tiny', '--out', 'both'),
    ])
    expect([first, both]).toMatchObject([
      { code: 0, err: '' },
      { code: 0, err: '' },
    ])
    expect(await readdir(join(folder, 'first'))).toEqual(['photo-small.jpg'])
    expect((await readdir(join(folder, 'both'))).sort()).toEqual(['photo-small.jpg', 'photo-tiny.jpg'])
  })

  it('knows only presets of the file', async () => {
    const { code, err } = await run('render', '--preset', 'small,constructor', 'photo.jpg')
    expect({ code, err }).toEqual({
      code: 1,
      err: 'thumbsmith: There is no preset "constructor" in thumbsmith.yaml. Known are small, tiny.\n',
    })
  })

  it('into what is a file says so in one sentence', async () => {
    const outs = ['photo.jpg', 'photo.jpg/deep']
    const ends = await Promise.all(outs.map((out) => run('render', 'photo.jpg', '--out', out)))
    expect(ends).toEqual(
      outs.map((out) => ({
        code: 1,
        out: '',
        err: `thumbsmith: --out is "${out}", but a file stands there. Name a folder.\n`,
      })),
    )
  })

  it('goes on past what cannot be read or written', async () => {
    // In the way of one rendition, and of the temporary file of another.
    await mkdir(join(folder, 'photo-small.jpg/full'), { recursive: true })
    await mkdir(join(folder, 'other-tiny.jpg.part'))
    await writeFile(join(folder, 'other.jpg'), await photo({ width: 40, height: 30 }))
    await mkdir(join(folder, 'album'))
    const { code, out, err } = await run('render', 'missing.jpg', 'album', 'photo.jpg', 'other.jpg')
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(out.trim().split('\n').sort()).toEqual([
      'album: is a folder. Name the files in it.',
      'missing.jpg: there is no such file.',
      expect.stringMatching(/^other-small\.jpg {2}16 x 12/),
      'other.jpg: tiny: "other-tiny.jpg" cannot be written: a folder stands there. Move it, or name another folder with --out.',
      expect.stringMatching(/^photo-tiny\.jpg {2}8 x 6/),
      'photo.jpg: small: "photo-small.jpg" cannot be written: a folder stands there. Move it, or name another folder with --out.',
    ])
    expect(await readdir(folder)).not.toContain('photo-small.jpg.part')
  })
})

it('thumbsmith doctor looks at the folders of a server that runs, and writes to them when none does', {
  timeout,
}, async () => {
  const config = parseConfig(YAML, 'thumbsmith.yaml', ENV())
  const running = await openStores(config, { debug() {}, info() {}, warn() {}, error() {} })
  await ensureSentinel(running.originals, running.renditions)
  const storesIn = ({ out }: { out: string }) => out.split('\n').filter((line) => /stor|known/.test(line))
  const first = storesIn(await run('doctor'))
  await running.close()
  expect(first).toEqual([
    expect.stringMatching(
      new RegExp(`^ok     originals store: .* free; only looked at, for process ${process.pid} on`),
    ),
    expect.stringMatching(
      new RegExp(`^ok     renditions store: .* free; only looked at, for process ${process.pid} on`),
    ),
    'ok     originals are the known ones: yes',
  ])
  expect(storesIn(await run('doctor'))).toEqual([
    expect.stringMatching(/^ok {5}originals store: .* free$/),
    expect.stringMatching(/^ok {5}renditions store: .* free$/),
    'ok     originals are the known ones: yes',
  ])
})
