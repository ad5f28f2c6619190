// The dashboard on a server that has no live events, as behind API Gateway: it asks, with an etag, less and less often.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { noAuth } from '../../src/auth/none.ts'
import { dashboardFiles } from '../../src/hosts/dashboard.ts'
import { openApi, picture, type TestApi } from '../api.ts'
import { openBrowser, openPage } from './browser.ts'

let browser: Browser
let api: TestApi
let url: string
beforeAll(async () => {
  browser = await openBrowser()
  api = await openApi({ live: false, auth: noAuth(), dashboard: dashboardFiles() })
  url = await api.listen()
})
afterAll(async () => {
  await browser.close()
  await api.close()
})

const upload = async (filename: string, bytes: Uint8Array | string) => (await api.upload('', bytes, { filename })).id

it('shows what changes without a stream of events, and asks no more than it must', { timeout: 60_000 }, async () => {
  await api.settle(await upload('old.jpg', await picture()))
  await api.settle(await upload('bad.jpg', 'no picture'))
  const { page, requests, complaints } = await openPage(browser, url)
  const statuses: number[] = []
  page.on('response', (response) => {
    if (new URL(response.url()).pathname === '/v1/originals') statuses.push(response.status())
  })
  await page.locator('li.card[data-state=ready]', { hasText: 'old.jpg' }).waitFor()
  await page.getByText('Checking for changes').waitFor()

  const id = await upload('new.jpg', await picture())
  await page.locator('li.card[data-state=queued]', { hasText: 'new.jpg' }).waitFor({ timeout: 15_000 })
  await api.settle(id)
  await page.locator('li.card[data-state=ready]', { hasText: 'new.jpg' }).waitFor({ timeout: 10_000 })

  // Nothing moves, so it rests; what the person sets going is asked for at once, then twice a little later.
  const asked = statuses.length
  await page.waitForTimeout(3_000)
  expect(statuses.length - asked).toBeLessThanOrEqual(1)
  await page.getByRole('button', { name: 'Try again: bad.jpg' }).click()
  const before = statuses.length
  await expect.poll(() => statuses.length, { timeout: 3_000 }).toBeGreaterThan(before)
  await page.waitForTimeout(2_000)
  expect(statuses.length - before).toBeLessThanOrEqual(3)
  expect(statuses.slice(1)).toContain(304)
  expect(new Set(statuses)).toEqual(new Set([200, 304]))
  expect(requests).not.toContain('GET /v1/events')
  expect(complaints).toEqual([])
})

it('asks where a stream is promised and not to be had, and waits as long as it is told', {
  timeout: 60_000,
}, async () => {
  const watched = await openPage(browser, 'about:blank')
  const { page } = watched
  // As an older server says it, or one behind a proxy that lets no stream through.
  await page.route('**/v1/about', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...((await response.json()) as object), events: true } })
  })
  let busy = false
  const times: number[] = []
  await page.route('**/v1/originals?*', async (route) => {
    times.push(Date.now())
    if (!busy) return route.continue()
    return route.fulfill({ status: 503, headers: { 'retry-after': '4' }, body: '' })
  })
  await page.goto(url)
  await page.getByText('Checking for changes').waitFor()
  busy = true
  times.length = 0
  await page.getByText('The server does not answer').waitFor({ timeout: 20_000 })
  busy = false
  const refused = times.at(-1)!
  await page.getByText('Checking for changes').waitFor({ timeout: 20_000 })
  const next = times.find((time) => time > refused)!
  expect(next - refused).toBeGreaterThanOrEqual(3_950)
})
