// What `thumbsmith explain` says of a picture, and of one that would be refused.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { photo, picture } from '../../test/fixtures/pictures.ts'
import { parseConfig } from '../config.ts'
import { explain } from './explain.ts'

const CONFIG = `
presets:
  padded: { width: 320, height: 180, fit: contain }
  square: { width: 64, height: 64, fit: cover, position: attention }
  tiny: { width: 90, format: auto, profile: keep, watermark: { image: 'data:;base64,AAAA' } }
rules:
  - { name: all, prefix: uploads/, presets: [tiny], rendition: "{dir}/{name}.{ext}/{preset}.{format}" }
`

test('the plan, in words and as JSON', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'explain-'))
  try {
    const files = [join(folder, 'photo.jpg'), join(folder, 'progressive.jpg'), join(folder, 'text.jpg')] as const
    await writeFile(files[0], await photo({ width: 800, height: 600 }))
    await writeFile(files[1], await picture({ width: 4_000, height: 3_000 }).jpeg({ progressive: true }).toBuffer())
    await writeFile(files[2], 'no picture')
    const config = parseConfig(CONFIG, 'thumbsmith.yaml', {})
    const lines: string[] = []
    expect(await explain(config, [...files], {}, (line) => lines.push(line))).toBe(1)
    const text = lines.join('\n').replaceAll(folder, '')
    expect(text).toContain('/photo.jpg: jpeg, 800 x 600')
    expect(text).toContain('decoded once, to 240 x 180; about 7')
    expect(text).toContain('padded: 320 x 180 jpeg, contain: scaled to 240 x 180, placed at 40,0 on #000000')
    expect(text).toContain('square: 64 x 64 jpeg, cover: scaled to 85 x 64, cropped around its subject')
    expect(text).toContain('decoded from its first scan')
    expect(text).toContain('tiny.avif: 90 x 68 avif, inside: scaled to 90 x 68, with the watermark')
    expect(text).toContain('/text.jpg: This file is not a picture. (image.not_an_image)')
    const json: string[] = []
    expect(await explain(config, [files[1]], { json: true }, (line) => json.push(line))).toBe(0)
    expect(json[0]).not.toContain('AAAA')
    expect(JSON.parse(json[0]!)).toMatchObject({
      original: { format: 'jpeg', width: 4_000, hasFirstScan: true },
      plan: { lane: 'first scan', decode: { width: 240, height: 180 } },
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})
