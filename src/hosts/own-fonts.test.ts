// Fonts of the user's, sound and broken.
import { expect, it } from 'vitest'
import { presetSchema } from '../preset-schema.ts'
import { readPackageFile } from '../render/title.ts'
import { unreadableFonts } from './own-fonts.ts'

const asData = (bytes: Uint8Array) => `data:;base64,${Buffer.from(bytes).toString('base64')}`
const preset = (font: string) => presetSchema.parse({ width: 640, title: { font } })

it('names the presets whose font begins like one and is none', async () => {
  const bytes = await readPackageFile('@fontsource/anton/files/anton-latin-400-normal.woff2')
  const [sound, broken] = [asData(bytes), asData(bytes.subarray(0, 400))]
  const presets = {
    plain: presetSchema.parse({ width: 640 }),
    sound: preset(sound),
    cut: preset(broken),
    ar: preset(broken),
  }
  expect(await unreadableFonts(presets)).toEqual({ count: 2, unreadable: ['cut', 'ar'] })
  expect(await unreadableFonts({ plain: presets.plain })).toEqual({ count: 0, unreadable: [] })
})
