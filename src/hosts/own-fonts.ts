// Which presets have a font of their owner's that cannot be drawn with: found with the same Skia that draws titles.
import canvasKit from 'canvaskit-wasm'
import { type Preset, titleStyleOf } from '../preset.ts'
import { readPackageFile } from '../render/title.ts'
import { openFonts } from '../title/fonts.ts'

/** How many fonts there are, and the names of the presets whose font is none to Skia, whatever its first bytes say. */
export async function unreadableFonts(
  presets: Record<string, Preset>,
): Promise<{ count: number; unreadable: string[] }> {
  const owners = Object.entries(presets).flatMap(([name, preset]) => {
    const font = titleStyleOf(preset)?.font
    return font ? [{ name, font }] : []
  })
  const unreadable: string[] = []
  const fonts = owners.length > 0 ? await openFonts(await canvasKit.default(), readPackageFile) : undefined
  for (const { name, font } of owners)
    await fonts?.itemise('H', font).catch(() => {
      unreadable.push(name)
    })
  return { count: new Set(owners.map(({ font }) => font)).size, unreadable }
}
