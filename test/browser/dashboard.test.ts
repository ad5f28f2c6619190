// The dashboard as a person uses it: a real browser, a real server, two photographs, and files that are none.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Browser, Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OriginalList, OriginalView } from '../../src/http/schemas.ts'
import { photographs } from '../fixtures/photographs.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Home, openHome } from '../hosts/harness.ts'
import { openBrowser, openPage, type Watched } from './browser.ts'

const READY_MS = 40_000
let browser: Browser
let home: Home
let watched: Watched
let page: Page

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  home = await openHome()
  watched = await openPage(browser, home.url, { colorScheme: 'light', reducedMotion: 'reduce' })
  page = watched.page
})
afterEach(async () => {
  await page.context().close()
  await home.close()
})

interface File {
  name: string
  mimeType: string
  buffer: Buffer
}
const jpeg = (name: string, buffer: Buffer): File => ({ name, mimeType: 'image/jpeg', buffer })
const choose = (files: File[]) => page.locator('input[type=file]').first().setInputFiles(files)
const upload = () => page.getByRole('button', { name: /^Upload/ }).click()
const card = (name: string): Locator => page.getByRole('article', { name })
const isReady = async (name: string) => {
  await card(name).waitFor({ timeout: READY_MS })
  await page.locator('li.card[data-state=ready]', { has: card(name) }).waitFor({ timeout: READY_MS })
}
const originals = async (): Promise<OriginalView[]> =>
  ((await (await home.ask('GET', '/v1/originals')).json()) as OriginalList).originals
const named = async (filename: string) => (await originals()).find((original) => original.filename === filename)!

/** A JPEG by its first bytes that is too big to be handed to the browser from here: it is made there. */
async function dropHuge(page: Page, bytes: number): Promise<void> {
  await page.evaluate(`{
    const transfer = new DataTransfer()
    transfer.items.add(new File([new Uint8Array([0xff, 0xd8, 0xff, 0xe0]), new Uint8Array(${bytes} - 4)], 'huge.jpg', { type: 'image/jpeg' }))
    for (const type of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }))
  }`)
}

/** The box around all pixels of two pictures that differ, as shares of the height. */
async function differingRows(a: Buffer, b: Buffer): Promise<{ top: number; bottom: number; pixels: number }> {
  const [first, second] = await Promise.all(
    [a, b].map((bytes) => sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })),
  )
  const { width, height } = first!.info
  let top = height
  let bottom = 0
  let pixels = 0
  for (let i = 0; i < first!.data.length; i++) {
    // JPEG rings a little around the letters.
    if (Math.abs(first!.data[i]! - second!.data[i]!) < 24) continue
    const y = Math.floor(i / 3 / width)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
    pixels++
  }
  return { top: top / height, bottom: bottom / height, pixels }
}

describe('the dashboard', () => {
  it('turns two photographs and their titles into renditions, and shows how it goes', {
    timeout: 180_000,
  }, async () => {
    const { large, rotated, uprightSize } = await photographs()
    const files = [jpeg('large.jpg', large), jpeg('rotated.jpg', rotated)]
    const titles = ['10 Things Nobody Told You', '誰も教えてくれなかった 🦀']
    await choose(files)
    for (const [i, { name }] of files.entries()) await page.getByLabel(`Title of ${name}`).fill(titles[i]!)
    await upload()
    for (const title of titles) await isReady(title)
    expect(watched.requests.filter((request) => request === 'GET /').length).toBe(1)

    for (const [i, { name, buffer }] of files.entries()) {
      const original = await named(name)
      expect(original).toMatchObject({ state: 'ready', title: titles[i], bytes: buffer.length })
      const { width, height } = i === 0 ? await sharp(buffer).metadata() : uprightSize
      expect(original.facts).toMatchObject({ width, height, format: 'jpeg' })
      const shownIn = card(titles[i]!)
      for (const rendition of original.renditions) {
        const bytes = await home.bytesOf(original, rendition.preset)
        const metadata = await sharp(bytes).metadata()
        expect(metadata).toMatchObject({
          width: rendition.width,
          height: rendition.height,
          format: 'jpeg',
          space: 'srgb',
        })
        expect([metadata.exif, metadata.xmp, metadata.iptc]).toEqual([undefined, undefined, undefined])
        expect(bytes.includes('GPS')).toBe(false)
        expect(bytes.length).toBe(rendition.bytes)
        await shownIn.getByText([rendition.width, '×', rendition.height].join('\u00a0')).first().waitFor()
      }
      const [youtube, list] = original.renditions
      expect(youtube).toMatchObject({ width: 1280, height: 720 })
      const scale = 720 / Math.max(width, height)
      expect([list!.width, list!.height]).toEqual([Math.round(width * scale), Math.round(height * scale)])

      // What the page says of the title is what the API measured.
      const { contrast } = youtube!.title!
      expect(Math.min(contrast.p5, contrast.worst)).toBeGreaterThanOrEqual(contrast.target)
      await shownIn
        .getByText(/^Title readable: \d+\.\d : 1$/)
        .first()
        .waitFor()

      // The same picture without its title differs in a part only, where the title stands.
      const titled = await home.bytesOf(original, 'youtube')
      await home.ask('PATCH', `/v1/originals/${original.id}`, {
        body: JSON.stringify({ title: '' }),
        headers: { 'content-type': 'application/json' },
      })
      await expect.poll(async () => (await home.read(original.id)).state, { timeout: READY_MS }).toBe('ready')
      const plain = await home.bytesOf(await home.settled(original.id), 'youtube')
      const difference = await differingRows(titled, plain)
      expect(difference.pixels).toBeGreaterThan(5_000)
      expect(difference.top).toBeGreaterThan(0.01)
      expect(difference.bottom).toBeLessThan(0.99)
      expect(difference.bottom - difference.top).toBeLessThan(0.7)
    }
    expect(watched.complaints).toEqual([])
  })

  it('lets a title be changed without a second upload, a link be copied, a picture be deleted; and everything is there after a reload', {
    timeout: 120_000,
  }, async () => {
    await choose([jpeg('a.jpg', await photo({ seed: 1 })), jpeg('b.jpg', await photo({ seed: 2 }))])
    await upload()
    for (const name of ['a.jpg', 'b.jpg']) await isReady(name)
    const before = await named('a.jpg')
    const uploads = watched.requests.filter((request) => request === 'POST /blobs/originals').length
    expect(uploads).toBe(2)

    await card('a.jpg').getByLabel('Title of').fill('A new title')
    await page.keyboard.press('Enter')
    await expect
      .poll(async () => (await named('a.jpg')).renditions[0]?.fingerprint, { timeout: READY_MS })
      .not.toBe(before.renditions[0]!.fingerprint)
    await isReady('A new title')
    expect(watched.requests.filter((request) => request === 'POST /blobs/originals').length).toBe(uploads)
    expect((await named('a.jpg')).renditions[1]!.fingerprint).toBe(before.renditions[1]!.fingerprint)

    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await card('A new title')
      .getByRole('button', { name: /^Copy the link of list/ })
      .click()
    const link = await page.evaluate<string>('navigator.clipboard.readText()')
    const copied = await fetch(link)
    expect(copied.headers.get('content-type')).toBe('image/jpeg')
    expect((await sharp(Buffer.from(await copied.arrayBuffer())).metadata()).width).toBe(640)

    const downloading = page.waitForEvent('download')
    await card('A new title')
      .getByRole('link', { name: /^Download list/ })
      .click()
    expect((await downloading).suggestedFilename()).toBe('a-list.jpg')

    await card('b.jpg')
      .getByRole('button', { name: /^Delete/ })
      .click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await card('b.jpg').waitFor({ state: 'detached' })
    await expect.poll(async () => (await originals()).length).toBe(1)

    await page.reload()
    await isReady('A new title')
    expect(await page.getByRole('article').count()).toBe(1)
    expect(watched.complaints).toEqual([])
  })

  it('says next to each file that is no usable picture why, and the others go on', { timeout: 120_000 }, async () => {
    const good = await photo({ seed: 3 })
    const heic = Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), Buffer.alloc(100)])
    await choose([
      jpeg('good.jpg', good),
      jpeg('notes.jpg', Buffer.from('Milk, eggs, and a new lens.')),
      jpeg('empty.jpg', Buffer.alloc(0)),
      { name: 'iphone.heic', mimeType: 'image/heic', buffer: heic },
      jpeg('cut.jpg', good.subarray(0, good.length / 3)),
    ])
    await dropHuge(page, 50_000_001)
    await page
      .getByText(/not a picture|no picture/i)
      .first()
      .waitFor()
    await page
      .getByText(/The file is empty/)
      .first()
      .waitFor()
    await page.getByText(/HEIC/).first().waitFor()
    await page
      .getByText(/too big/i)
      .first()
      .waitFor()
    await upload()
    await isReady('good.jpg')
    await card('cut.jpg')
      .getByText(/damaged|cut short/i)
      .first()
      .waitFor({ timeout: READY_MS })
    expect((await originals()).map(({ filename }) => filename).sort()).toEqual(['cut.jpg', 'good.jpg'])
    expect(watched.complaints).toEqual([])
  })

  it('takes pictures that are dropped on the page or pasted into it', { timeout: 120_000 }, async () => {
    const bytes = JSON.stringify([...(await photo({ seed: 4 }))])
    const transferOf = (name: string) =>
      `const transfer = new DataTransfer(); transfer.items.add(new File([new Uint8Array(${bytes})], '${name}', { type: 'image/jpeg' }))`
    await page.evaluate(`{ ${transferOf('dropped.jpg')}
      for (const type of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true })) }`)
    await page.getByLabel('Title of dropped.jpg').waitFor()
    await page.evaluate(`{ ${transferOf('pasted.jpg')}
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true })) }`)
    await page.getByLabel('Title of pasted.jpg').waitFor()
    await upload()
    for (const name of ['dropped.jpg', 'pasted.jpg']) await isReady(name)
    expect(watched.complaints).toEqual([])
  })

  it('shows a file that is put into the folder by hand, and lets it go when it is taken out', {
    timeout: 120_000,
  }, async () => {
    const folder = join(home.folder, 'data/originals/uploads')
    const file = join(folder, 'By hand, 100%.jpg')
    await mkdir(folder, { recursive: true })
    await writeFile(file, await photo({ seed: 5 }))
    await isReady('By hand, 100%.jpg')
    const [original] = await originals()
    await rm(file)
    await card('By hand, 100%.jpg').waitFor({ state: 'detached', timeout: READY_MS })
    await expect.poll(async () => (await fetch(original!.renditions[0]!.url!)).status, { timeout: READY_MS }).toBe(404)
  })

  it('says that the server is away, and recovers', { timeout: 120_000 }, async () => {
    await choose([jpeg('a.jpg', await photo())])
    await upload()
    await isReady('a.jpg')
    const port = Number(new URL(home.url).port)
    await home.kill()
    await page.getByText(/server does not answer/i).waitFor({ timeout: READY_MS })
    await home.start(port)
    await page.getByText(/server does not answer/i).waitFor({ state: 'detached', timeout: 60_000 })
    await isReady('a.jpg')
  })

  it.each(['light', 'dark'] as const)(
    'has nothing that axe objects to (%s)',
    { timeout: 120_000 },
    async (colorScheme) => {
      await page.context().close()
      watched = await openPage(browser, home.url, { colorScheme, reducedMotion: 'reduce' })
      page = watched.page
      const violations = async () =>
        (await new AxeBuilder({ page }).analyze()).violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
        )
      await page.getByRole('heading', { name: /Drop a picture/ }).waitFor()
      expect(await violations()).toEqual([])
      await choose([
        jpeg('a.jpg', await photo()),
        jpeg('bad.jpg', Buffer.from('no')),
        jpeg('cut.jpg', (await photo()).subarray(0, 9000)),
      ])
      await page.getByLabel('Title of a.jpg').fill('Readable')
      await page.locator('.proof[data-settled=true]').waitFor({ timeout: READY_MS })
      await page.locator('.report summary').click()
      expect(await violations()).toEqual([])
      await upload()
      await isReady('Readable')
      await card('cut.jpg')
        .getByText(/damaged|cut short/i)
        .first()
        .waitFor({ timeout: READY_MS })
      expect(await violations()).toEqual([])
      await page.getByRole('button', { name: 'Large view of Readable' }).click()
      await page.getByRole('button', { name: 'Set focus' }).click()
      expect(await violations()).toEqual([])
      await page.keyboard.press('Escape')
      await card('Readable')
        .getByRole('button', { name: /^Delete/ })
        .click()
      await page.getByRole('dialog').waitFor()
      expect(await violations()).toEqual([])
    },
  )

  it('keeps pictures that are chosen before it knows what may be uploaded, and where it could not be told at first', {
    timeout: 120_000,
  }, async () => {
    const buffer = await photo()
    let answers = 0
    let answer = () => {}
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve
    })
    await page.route('**/v1/about', async (route) => {
      if (answers++ === 0) return route.abort()
      await mayAnswer
      await route.continue()
    })
    await page.reload()
    await choose([jpeg('early.jpg', buffer)])
    await page.getByText('One picture waits').waitFor()
    expect(await page.getByLabel('Title of early.jpg').count()).toBe(0)
    answer()
    await page.getByLabel('Title of early.jpg').waitFor()
    await page.getByText('One picture waits').waitFor({ state: 'hidden' })
    expect(answers).toBeGreaterThan(1)
    expect(watched.complaints.filter((complaint) => !complaint.includes('ERR_FAILED'))).toEqual([])
  })

  it('shows what a picture is like while it is on its way', { timeout: 60_000 }, async () => {
    const { id } = await home.upload((await photo()) as Buffer<ArrayBuffer>, { filename: 'slow.jpg', title: 'Slow' })
    await home.settled(id)
    let send = () => {}
    const maySend = new Promise<void>((resolve) => {
      send = resolve
    })
    await page.route('**/blobs/renditions/**', async (route) => {
      await maySend
      await route.continue()
    })
    await page.reload({ waitUntil: 'commit' })
    const placeholder = card('Slow').locator('.picture-placeholder')
    await placeholder.waitFor()
    expect(await placeholder.getAttribute('src')).toMatch(/^data:image\/png/)
    send()
    await card('Slow').locator('.picture[data-loaded=true]').waitFor()
    expect(await placeholder.count()).toBe(0)
  })

  it('can be used with the keyboard alone, and fits a phone', { timeout: 120_000 }, async () => {
    await choose([jpeg('a.jpg', await photo())])
    await page.getByLabel('Title of a.jpg').focus()
    await page.keyboard.type('Typed')
    await page.keyboard.press('Control+Enter')
    await isReady('Typed')
    await page.getByRole('button', { name: 'Large view of Typed' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(await page.evaluate(`document.activeElement?.getAttribute('aria-label')`)).toBe('Large view of Typed')
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    const title = 'A title that is far too long for the head of the large view on a phone'
    await card('Typed').getByLabel('Title of').fill(title)
    await page.keyboard.press('Enter')
    await isReady(title)
    await page.getByRole('button', { name: `Large view of ${title}` }).click()
    const stage = await page.locator('.viewer-stage').boundingBox()
    expect(stage!.x).toBeGreaterThanOrEqual(0)
    expect(stage!.x + stage!.width).toBeLessThanOrEqual(360)
  })
})
