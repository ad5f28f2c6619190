// A folder of originals deleted behind a running server's back: the guard of the sweep stands in the way, not only once it sweeps.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { startServer } from '../../src/hosts/server.ts'
import type { Log } from '../../src/road.ts'
import { filesIn } from '../hosts/harness.ts'

const YAML = `
presets: { small: { width: 8 } }
rules: [{ name: uploads, prefix: u/, presets: [small] }]
`

it('renditions stay where very many originals are deleted at once, and go where it is one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'thumbsmith-'))
  const errors: string[] = []
  const log: Log = { debug() {}, info() {}, warn() {}, error: (_, message) => void errors.push(message) }
  const config = parseConfig(YAML, 'test.yaml', {
    THUMBSMITH_ORIGINALS: `file:${folder}/originals`,
    THUMBSMITH_RENDITIONS: `file:${folder}/renditions`,
    PORT: '0',
  })
  const server = await startServer({ config, log })
  try {
    const renditions = async () => (await filesIn(join(folder, 'renditions'))).length
    const bytes = await sharp({ create: { width: 16, height: 16, channels: 3, background: '#abc' } })
      .png()
      .toBuffer()
    await mkdir(join(folder, 'originals/u'))
    for (let i = 0; i < 13; i++) await writeFile(join(folder, `originals/u/${i}.png`), bytes)
    await expect.poll(renditions, { timeout: 15_000 }).toBe(13)
    await rm(join(folder, 'originals/u/0.png'))
    await expect.poll(renditions, { timeout: 10_000 }).toBe(12)
    await rm(join(folder, 'originals/u'), { recursive: true })
    await expect
      .poll(() => errors, { timeout: 10_000 })
      .toContainEqual(expect.stringMatching(/^12 of 12 originals are gone/))
    expect(await renditions()).toBe(12)
  } finally {
    await server.close()
    await rm(folder, { recursive: true })
  }
})
