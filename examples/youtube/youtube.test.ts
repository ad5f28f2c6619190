// The youtube example as its README tells it: ticket, form, state, thumbnail with a title, a link that expires, and the clean-up.
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OriginalView, Upload } from '../../src/http/schemas.ts'
import { readManifest, writeManifest } from '../../src/state.ts'
import { fsStorage } from '../../src/storage/fs.ts'
import { photo } from '../../test/fixtures/pictures.ts'
import { type ExampleHome, isLaptop, openExampleHome } from '../../test/hosts/example-home.ts'
import { until } from '../../test/hosts/harness.ts'

const CONFIG = 'examples/youtube/thumbsmith.yaml'
const TITLE = '10 Things Nobody Told You'
const DAY_MS = 86_400_000

let home: ExampleHome
let titled: Upload
let plain: Upload
let ready: { titled: OriginalView; plain: OriginalView }

beforeAll(async () => {
  home = await openExampleHome({ config: CONFIG, env: { THUMBSMITH_SWEEP_SECONDS: '1' } })
  // 4:3, so that the padding shows at both sides.
  const bytes = await photo({ width: 1600, height: 1200 })
  titled = await home.upload(bytes, { title: TITLE })
  plain = await home.upload(bytes)
  ready = { titled: await home.settled(titled.id), plain: await home.settled(plain.id) }
})
afterAll(() => home?.close())

const pixelsOf = (bytes: Uint8Array) => sharp(bytes).raw().toBuffer({ resolveWithObject: true })

describe('youtube', () => {
  it('takes the picture by a form whose policy holds', async () => {
    const { ticket } = titled
    expect(ticket).toMatchObject({ method: 'POST', fields: { key: titled.key, 'Content-Type': 'image/jpeg' } })
    expect(titled.key).toMatch(/^videos\/[0-9a-v]{30}\/photo\.jpg$/)
    const again = await home.ticket({ filename: 'other.jpg', contentType: 'image/jpeg', bytes: 20 })
    if (again.ticket.method !== 'POST') throw new Error('no form')
    again.ticket.fields.key = titled.key
    expect((await home.send(again, new Uint8Array(20))).status).toBe(403)
    await expect(home.ticket({ filename: 'large.jpg', contentType: 'image/jpeg', bytes: 10_000_001 })).rejects.toThrow(
      'at most 10000000',
    )
  })

  it('shows the state until it is ready', async () => {
    const { id } = await home.upload(await photo({ width: 3000, height: 2000, seed: 2 }))
    const states: string[] = []
    await until('it is ready', async () => {
      const { state } = await home.read(id)
      if (states.at(-1) !== state) states.push(state)
      return state === 'ready' || undefined
    })
    expect(states.filter((state) => !['queued', 'rendering', 'ready'].includes(state))).toEqual([])
    expect(states.at(-1)).toBe('ready')
  })

  it('gives a 1280 x 720 JPEG, the whole picture on black', async () => {
    expect(ready.titled).toMatchObject({ state: 'ready', title: TITLE, facts: { width: 1600, height: 1200 } })
    const bytes = await home.bytesOf(ready.plain, 'thumbnail')
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 1280, height: 720 })
    const { data } = await pixelsOf(bytes)
    const sumOf = (x: number) => {
      let sum = 0
      for (let y = 0; y < 720; y++) for (let c = 0; c < 3; c++) sum += data[3 * (1280 * y + x) + c]!
      return sum / (720 * 3)
    }
    // 960 x 720 in the middle: 160 black columns at either side.
    for (const x of [0, 80, 150, 1130, 1200, 1279]) expect(sumOf(x)).toBeLessThan(3)
    for (const x of [170, 640, 1110]) expect(sumOf(x)).toBeGreaterThan(40)
  })

  it('draws a title that can be read and leaves every other pixel as it is', async () => {
    const [withTitle, without] = await Promise.all([
      home.bytesOf(ready.titled, 'thumbnail').then(pixelsOf),
      home.bytesOf(ready.plain, 'thumbnail').then(pixelsOf),
    ])
    const box = { left: 1280, right: -1, top: 720, bottom: -1, pixels: 0 }
    for (let i = 0; i < 1280 * 720; i++) {
      const same = [0, 1, 2].every((c) => withTitle.data[3 * i + c] === without.data[3 * i + c])
      if (same) continue
      const x = i % 1280
      const y = Math.floor(i / 1280)
      box.left = Math.min(box.left, x)
      box.right = Math.max(box.right, x)
      box.top = Math.min(box.top, y)
      box.bottom = Math.max(box.bottom, y)
      box.pixels++
    }
    expect(box.pixels).toBeGreaterThan(20_000)
    expect((box.right - box.left) * (box.bottom - box.top)).toBeLessThan((1280 * 720) / 2)
    const { contrast, legibleAt } = ready.titled.renditions[0]!.title!
    expect(Math.min(contrast.p5, contrast.worst)).toBeGreaterThanOrEqual(contrast.target)
    expect(legibleAt).toBe(320)
  })

  it('keeps originals and thumbnails in two stores', async () => {
    const name = titled.key.slice('videos/'.length)
    expect(await home.originals.keys()).toContain(`videos/${name}`)
    expect(await home.renditions.keys()).toContain(`thumbnails/${name}`)
  })

  it('gives a download under a name of its own, to nobody without the signature', async () => {
    const { downloadUrl } = ready.titled.renditions[0]!
    const response = await fetch(downloadUrl!)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-disposition')).toContain('attachment; filename="photo-thumbnail.jpg"')
    expect((await fetch(downloadUrl!.split('?')[0]!)).status).toBe(403)
  })

  // The clock of a bucket cannot be put back; test/cluster/s3-home.test.ts has one expire by its own rule.
  it.runIf(isLaptop)('removes original and thumbnail seven days after the upload', async () => {
    const { id, key } = await home.upload(await photo({ seed: 3 }), { filename: 'old.jpg' })
    await home.settled(id)
    await home.stop()
    await putBack(key, 8 * DAY_MS)
    await home.start()
    const thumbnail = `thumbnails/${key.slice('videos/'.length)}`
    await until('both are gone', async () => {
      const left = [...(await home.originals.keys()), ...(await home.renditions.keys())]
      return left.every((path) => path !== key && path !== thumbnail) || undefined
    })
    // The others are of today.
    expect((await home.read(titled.id)).state).toBe('ready')
  })
})

/** As if it had been uploaded so long ago. */
async function putBack(key: string, ms: number): Promise<void> {
  const then = new Date(Date.now() - ms)
  const file = join(home.folder, 'data/originals', key)
  await utimes(file, then, then)
  const root = join(home.folder, 'data/renditions')
  const state = await fsStorage({ root, name: 'renditions', secret: Buffer.alloc(32), onWarning: () => {} })
  try {
    const { manifest, etag } = (await readManifest(state, key))!
    const original = { ...manifest.original, seen: then.toISOString(), modified: then.toISOString() }
    await writeManifest(state, { ...manifest, original }, etag)
  } finally {
    await state.close?.()
  }
}

it('lets a link expire', { timeout: 40_000 }, async () => {
  const text = await readFile(CONFIG, 'utf8')
  // The shortest that is possible, so that the test need not wait for ten minutes.
  const folder = await mkdtemp(join(tmpdir(), 'thumbsmith-links-'))
  const short = join(folder, 'thumbsmith.yaml')
  await writeFile(short, text.replace('linkSeconds: 600', 'linkSeconds: 10'))
  const other = await openExampleHome({ config: short })
  try {
    const { id } = await other.upload(await photo())
    const { url } = (await other.settled(id)).renditions[0]!
    expect((await fetch(url!)).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 11_500))
    const late = await fetch(url!)
    expect(late.status).toBe(403)
    // A bucket says so in its own words.
    expect(await late.text()).toContain(isLaptop ? 'link.expired' : 'AccessDenied')
  } finally {
    await other.close()
    await rm(folder, { recursive: true })
  }
})
