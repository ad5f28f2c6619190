// Titles in real renditions: which pixels they change, on which frames, and what becomes of those that cannot be set.
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import * as pictures from '../../test/fixtures/pictures.ts'
import { pixels, renderOne } from '../../test/fixtures/renditions.ts'
import { reachOf } from '../title/letters.ts'
import { render } from './render.ts'
import type { Rendered } from './renderer.ts'

let photo: Buffer
beforeAll(async () => {
  photo = await pictures.photo({ width: 1200, height: 900 })
})

describe('title', () => {
  const preset = { width: 640, height: 360, fit: 'cover', format: 'png', title: true } as const

  test('changes pixels where it stands only, the same ones each time', async () => {
    const plain = await pixels(await renderOne(photo, preset))
    const titled = await renderOne(photo, preset, { title: '10 Things Nobody Told You' })
    const again = await renderOne(photo, preset, { title: '10 Things Nobody Told You' })
    expect(Buffer.compare(titled.bytes, again.bytes)).toBe(0)
    const { data, info } = await pixels(titled)
    const rows: number[] = []
    for (let index = 0; index < data.length; index++)
      if (data[index] !== plain.data[index]) rows.push(Math.floor(index / 3 / info.width))
    expect(rows.length / data.length).toBeGreaterThan(0.03)
    const { size, lines, position } = titled.title!
    // At the top of this picture: its lines, and as far as a glow reaches above and below them.
    expect(position).toContain('top')
    expect(rows.at(-1)! - rows[0]!).toBeLessThan(lines * 1.2 * size + 2 * reachOf(size))
    expect(rows.at(-1)).toBeLessThan(info.height / 2)
  })

  test('is drawn on every frame', async () => {
    const bytes = await pictures.animation(3)
    const moving = { width: 96, height: 64, fit: 'cover', format: 'webp', animation: true, quality: 100 } as const
    const plain = await renderOne(bytes, moving)
    const titled = await renderOne(bytes, { ...moving, title: true }, { title: 'Hi' })
    const read = (rendered: Rendered, page: number) => sharp(rendered.bytes, { page }).raw().toBuffer()
    for (const page of [0, 1, 2]) expect(Buffer.compare(await read(plain, page), await read(titled, page))).not.toBe(0)
    // libvips cannot read this one back, and yet its title is measured.
    const sequence = await renderOne(bytes, { ...moving, format: 'avif', title: true }, { title: 'Hi' })
    expect(sequence.title).toMatchObject({ position: titled.title!.position, lines: 1 })
    expect(sequence.title!.size).toBeCloseTo(titled.title!.size, 0)
  })

  test('names the characters that no font has, and draws the others', async () => {
    expect((await renderOne(photo, preset, { title: 'Runes ᚠᚢ' })).missingCharacters).toEqual(['ᚠ', 'ᚢ'])
    expect(await renderOne(photo, preset, { title: 'Plain' })).not.toHaveProperty('missingCharacters')
  })

  test('that cannot fit fails its own rendition only', async () => {
    const tiny = { width: 8, height: 8, fit: 'cover', title: true } as const
    const { renditions } = await render({ bytes: photo, presets: { tiny, fine: { width: 64 } }, title: 'Hello there' })
    expect(renditions.tiny).toMatchObject({ failure: { code: 'title.does_not_fit' } })
    expect(renditions.fine).toHaveProperty('rendered')
  })
})
