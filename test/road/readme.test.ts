// The commands of the README, run as they stand there against a server.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Upload } from '../../src/http/schemas.ts'
import { keyOfId, titleFromMetadata } from '../../src/original.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Home, openHome } from '../hosts/harness.ts'

const run = promisify(execFile)
const hasTools = await run('bash', ['-c', 'curl --version && jq --version']).then(
  () => true,
  () => false,
)

/** The block of shell commands below these words, with other values for some of its variables. */
async function commandsBelow(words: string, values: Record<string, string>): Promise<string> {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')
  const block = readme.slice(readme.indexOf(words)).match(/```sh\n(.*?)```/s)![1]!
  return Object.entries(values).reduce((text, [name, value]) => {
    const line = new RegExp(`^${name}=.*$`, 'm')
    expect(text).toMatch(line)
    return text.replace(line, () => `${name}='${value.replaceAll("'", `'\\''`)}'`)
  }, block)
}

describe.runIf(hasTools)('the walk through the API (where bash, curl and jq are installed)', () => {
  let home: Home
  let folder: string
  beforeAll(async () => {
    home = await openHome()
    folder = await mkdtemp(join(tmpdir(), 'thumbsmith-'))
  })
  afterAll(async () => {
    await home.close()
    await rm(folder, { recursive: true })
  })

  it.each([
    { file: 'photo.jpg', title: '10 Things Nobody Told You' },
    { file: "my photo; 50% off, it's (1).jpg", title: `@home: "it's" \\ 100 % <b>誰も</b> & more` },
  ])('works for $file', async ({ file, title }) => {
    await writeFile(join(folder, file), await photo())
    const commands = await commandsBelow('With curl and jq:', { api: home.url, file, title })
    const { stdout, stderr } = await run('bash', ['-euo', 'pipefail', '-c', commands], { cwd: folder })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^"ready"\n"ready"\n/)
    const upload = JSON.parse(await readFile(join(folder, 'upload.json'), 'utf8')) as Upload
    const fields = upload.ticket.method === 'POST' ? upload.ticket.fields : {}
    expect(titleFromMetadata({ 'thumbsmith-text': fields['x-amz-meta-thumbsmith-text']! })).toBe(title)
    expect(keyOfId(upload.id)).toBe(upload.key)
    expect(await sharp(join(folder, 'youtube.jpg')).metadata()).toMatchObject({ width: 1280, height: 720 })
    expect(stdout).toContain('"title":"誰も教えてくれなかった 🦀"')
    expect((await home.ask('GET', `/v1/originals/${upload.id}`)).status).toBe(404)
  })
})
