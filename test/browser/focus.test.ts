// The focus point: set on the proof before the upload, moved and cleared in the large view, and honoured by what is rendered.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OriginalList, OriginalView } from '../../src/http/schemas.ts'
import { photo } from '../fixtures/pictures.ts'
import { type Home, openHome } from '../hosts/harness.ts'
import { openBrowser, openPage, type Watched } from './browser.ts'

let browser: Browser
let home: Home
let watched: Watched
let page: Page
beforeAll(async () => {
  browser = await openBrowser()
  home = await openHome()
  watched = await openPage(browser, home.url, { reducedMotion: 'reduce' })
  page = watched.page
})
afterAll(async () => {
  await browser.close()
  await home.close()
})

async function original(): Promise<OriginalView> {
  const { originals } = (await (await home.ask('GET', '/v1/originals')).json()) as OriginalList
  return home.settled(originals[0]!.id)
}
const fingerprints = ({ renditions }: OriginalView) => renditions.map(({ fingerprint }) => fingerprint)

it('is set by a click or by keys, saved, honoured and cleared', { timeout: 120_000 }, async () => {
  const buffer = await photo({ width: 1600, height: 900 })
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([{ name: 'a.jpg', mimeType: 'image/jpeg', buffer }])
  await page.getByLabel('Title of a.jpg').fill('Out of the way')
  const proof = page.locator('.proof .focus-pad')
  await proof.waitFor({ timeout: 60_000 })
  const box = (await proof.boundingBox())!
  await proof.click({ position: { x: 0.25 * box.width, y: 0.75 * box.height } })
  await page.getByRole('button', { name: /^Focus at 2[45]% from the left and 7[45]% from the top/ }).waitFor()
  await page.getByRole('button', { name: /^Upload/ }).click()
  await page.locator('li.card[data-state=ready]').waitFor({ timeout: 40_000 })

  const uploaded = await original()
  expect(uploaded.focus!.x).toBeCloseTo(0.25, 1)
  expect(uploaded.focus!.y).toBeCloseTo(0.75, 1)
  expect(uploaded.renditions[0]!.title!.position).not.toMatch(/bottom-left|^left/)
  expect(uploaded.renditions[0]!.title!.cost.focus).toBeLessThan(0.5)

  await page.getByRole('button', { name: 'Large view of Out of the way' }).click()
  await page.getByRole('button', { name: 'Set focus' }).click()
  const pad = page.getByRole('dialog').getByRole('button', { name: /^Focus at/ })
  await pad.focus()
  for (let step = 0; step < 5; step++) await page.keyboard.press('Shift+ArrowRight')
  await expect.poll(async () => (await original()).focus?.x, { timeout: 20_000 }).toBeCloseTo(0.75, 1)
  const moved = await original()
  // One change for all five keys; the list shows the whole picture without a title.
  expect(moved.revision).toBe(1)
  const [before, after] = [fingerprints(uploaded), fingerprints(moved)]
  expect(after[0]).not.toBe(before[0])
  expect(after[1]).toBe(before[1])
  expect(after[2]).not.toBe(before[2])

  await pad.focus()
  await page.keyboard.press('Delete')
  await expect.poll(async () => (await original()).focus, { timeout: 20_000 }).toBeUndefined()
  await page.getByRole('dialog').getByText('Click on the picture where the eye should rest').waitFor()
  expect(watched.complaints).toEqual([])
})
