// Where the two stores are, by their URLs, and which pairs cannot be.
import { mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../config.ts'
import { ThumbsmithError } from '../errors.ts'
import { openStores, parseUrl, placesOf } from './stores.ts'

const AT = '?endpoint=http://127.0.0.1:9000'

it.each([
  ['file:./a', 'file:./b'],
  ['file:./a', 'file:./ab'],
  ['file:./a', 'file:./a'],
  ['file:./a', 's3://pictures'],
  ['s3://pictures', 'file:./a'],
  ['s3://pictures', 's3://renditions'],
  ['s3://pictures', 's3://pictures'],
  ['s3://pictures/in', 's3://pictures/out'],
  ['s3://pictures/in', 's3://pictures/inner'],
  [`s3://pictures${AT}`, 's3://pictures/out'],
])('%s and %s', (originals, renditions) => {
  const places = placesOf({ originals, renditions })
  expect(places.originals.scheme).toBe(originals.split(':')[0])
  expect(places.renditions.scheme).toBe(renditions.split(':')[0])
})

it.each([
  ['s3://pictures', 's3://pictures/out', 'overlap'],
  ['s3://pictures/in/deep', 's3://pictures/in', 'overlap'],
  ['s3://pictures?pathStyle=true', 's3://pictures', 'alike'],
  ['ftp://pictures', 'file:./a', 'must begin with file: or s3:'],
  ['file:', 'file:./a', 'without a folder'],
  ['file:./data', 'file:./data/renditions', 'overlap: one of'],
  ['file:./data/a/b', 'file:./data/a', 'Put them side by side'],
  ['file:./data', `file:${resolve('data')}`, 'both lead to'],
  ['file:./data', 'file:data/', 'Write both URLs alike'],
  ['file:///', 'file:./data', 'overlap'],
])('not %s and %s', (originals, renditions, words) => {
  expect(() => placesOf({ originals, renditions })).toThrow(ThumbsmithError)
  expect(() => placesOf({ originals, renditions })).toThrow(words)
})

it.each([
  ['postgres://ann:secret@db/x', 'THUMBSMITH_ORIGINALS begins with postgres:. It must begin with file: or s3:'],
  ['ann:secret@db/x', 'THUMBSMITH_ORIGINALS begins with no scheme that is known here. It must'],
  ['//ann:secret@db/x', 'THUMBSMITH_ORIGINALS begins with no scheme'],
])('a password in %s is not repeated', (url, words) => {
  expect(() => parseUrl('THUMBSMITH_ORIGINALS', url, ['file', 's3'])).toThrow(words)
})

it('nor is one in a bucket that is none', () => {
  const places = () => placesOf({ originals: 's3:/ann:secret@bucket', renditions: 'file:./a' })
  expect(places).toThrow('THUMBSMITH_ORIGINALS: "s3://" names no bucket.')
})

describe('folders', () => {
  let folder: string
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'thumbsmith-')))
  })
  afterEach(() => rm(folder, { recursive: true }))
  const open = async (env: Record<string, string> = {}) => {
    const config = parseConfig(await readFile('thumbsmith.yaml', 'utf8'), 'x', {
      THUMBSMITH_ORIGINALS: `file:${folder}/originals`,
      THUMBSMITH_RENDITIONS: `file:${folder}/renditions`,
      ...env,
    })
    return openStores(config, { debug() {}, info() {}, warn() {}, error() {} })
  }

  it('are told apart by where they really are', async () => {
    await mkdir(join(folder, 'a'))
    await symlink(join(folder, 'a'), join(folder, 'link'))
    const inner = { originals: `file:${folder}/a`, renditions: `file:${folder}/link/not/made/yet` }
    expect(() => placesOf(inner)).toThrow(`one of ${folder}/a and ${folder}/a/not/made/yet lies in the other`)
    expect(() => placesOf({ ...inner, renditions: `file:${folder}/link` })).toThrow('both lead to')
  })

  it.each([undefined, '', 'half of'])(
    'keep the secret that was made first; one of which a crash left %j is made anew',
    async (left) => {
      const file = join(folder, 'originals/.thumbsmith-store/secret')
      if (left !== undefined) {
        await mkdir(join(file, '..'), { recursive: true })
        await writeFile(file, left)
      }
      await (await open()).close()
      const made = await readFile(file, 'utf8')
      expect(made).toMatch(/^[0-9a-f]{64}$/)
      await (await open()).close()
      expect(await readFile(file, 'utf8')).toBe(made)
      expect((await stat(file)).mode & 0o077).toBe(0)
    },
  )

  it('that cannot be made are one sentence', async () => {
    await writeFile(join(folder, 'file'), '')
    for (const place of [`file:${folder}/file`, `file:${folder}/file/deep`, 'file:/proc/thumbsmith'])
      await expect(open({ THUMBSMITH_ORIGINALS: place })).rejects.toMatchObject({ code: 'storage.unavailable' })
  })
})
