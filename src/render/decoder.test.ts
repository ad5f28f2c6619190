// A decoder whose job cannot even be sent.
import { afterEach, expect, it } from 'vitest'
import { photo } from '../../test/fixtures/pictures.ts'
import { presetSchema } from '../preset.ts'
import { type Decoder, openDecoder } from './decoder.ts'

let decoder: Decoder
afterEach(() => decoder.close())

it('a job that cannot be sent fails by itself, before and after the process has begun', async () => {
  decoder = openDecoder({}, () => {})
  const presets = { small: presetSchema.parse({ width: 16 }) }
  const job = { request: { bytes: await photo(), presets, title: '' }, limits: {}, tiff: false }
  const unsendable = { ...job, limits: { maxBytes: (() => 1) as unknown as number } }
  for (let round = 0; round < 2; round++) {
    expect(await decoder.run(unsendable, false)).toMatchObject({ how: 'failed', error: { code: 'internal' } })
    expect(await decoder.run(job, false)).toMatchObject({ how: 'done' })
  }
})
