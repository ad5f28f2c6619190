// A decoder whose job cannot even be sent, and what killed ones leave behind.
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { photo } from '../../test/fixtures/pictures.ts'
import { presetSchema } from '../preset-schema.ts'
import { type Decoder, openDecoder } from './decoder.ts'
import { removeLeftFolders } from './folders.ts'

let decoder: Decoder | undefined
afterEach(() => decoder?.close())

it('a job that cannot be sent fails by itself, before and after the process has begun', async () => {
  const opened = openDecoder()
  decoder = opened
  const presets = { small: presetSchema.parse({ width: 16 }) }
  const job = { request: { bytes: await photo(), presets, title: '' }, limits: {}, tiff: false }
  const unsendable = { ...job, limits: { maxBytes: (() => 1) as unknown as number } }
  for (let round = 0; round < 2; round++) {
    expect(await opened.run(unsendable, false)).toMatchObject({ how: 'failed', error: { code: 'internal' } })
    expect(await opened.run(job, false)).toMatchObject({ how: 'done' })
  }
})

it('only old and empty folders of decoders are removed', () => {
  const make = (prefix: string, isOld: boolean, file?: string) => {
    const path = mkdtempSync(join(tmpdir(), prefix))
    if (file) writeFileSync(join(path, file), '')
    const then = Date.now() / 1000 - 3600
    if (isOld) utimesSync(path, then, then)
    return path
  }
  const folders = [
    make('thumbsmith-decoder-', true),
    make('thumbsmith-decoder-', false),
    make('thumbsmith-decoder-', true, 'kept'),
    make('thumbsmith-decode-', true),
  ]
  removeLeftFolders()
  expect(folders.map((path) => existsSync(path))).toEqual([false, true, true, true])
  for (const path of folders) rmSync(path, { recursive: true, force: true })
})
