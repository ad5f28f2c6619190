// The wall of pictures while it fills: cards one at a time, placeholders only for what is waited for. The page's clock stands until it is moved.
import type { Browser, Page, Route } from 'playwright-core'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { photo } from '../fixtures/pictures.ts'
import { type Home, openHome } from '../hosts/harness.ts'
import { openBrowser, openPage } from './browser.ts'

/** One more than the page asks for at once. */
const MANY = 25
const PAGE = 24
const TURN_MS = 20

let browser: Browser
let home: Home
let page: Page

beforeAll(async () => {
  browser = await openBrowser()
  return () => browser.close()
})
beforeEach(async () => {
  home = await openHome()
  page = (await openPage(browser, home.url)).page
})
afterEach(async () => {
  await page.context().close()
  await home.close()
})

async function upload(title: string): Promise<string> {
  const { id } = await home.upload(await photo({ width: 64, height: 48 }), { filename: 'a.jpg', title })
  return id
}

const cards = () => page.locator('li.card article')
const picture = () => page.locator('.lead .picture').first()
const placeholder = () => picture().locator('.picture-placeholder')

/** The page begins anew, in a time that does not pass. */
async function stopTime(): Promise<void> {
  await page.clock.install({ time: '2030-01-01T00:00:00' })
  await page.clock.pauseAt('2030-01-01T00:00:10')
  await page.reload()
}

/** Does something, and waits until the server has told pages of it. */
async function hearOf(what: string, happen: () => Promise<unknown>): Promise<void> {
  await page.evaluate(`new Promise((open) => {
    const feed = new EventSource('/v1/events')
    feed.addEventListener('open', open)
    globalThis.heard = new Promise((resolve) => {
      feed.addEventListener('message', ({ data }) => data.includes('${what}') && resolve(feed.close()))
    })
  })`)
  await happen()
  await page.evaluate('heard')
}

/** Moves the page's clock on until it is so. */
async function passTime(isSo: () => Promise<boolean>): Promise<void> {
  await expect
    .poll(
      async () => {
        if (await isSo()) return true
        await page.clock.runFor(TURN_MS)
        return isSo()
      },
      { timeout: 20_000 },
    )
    .toBe(true)
}

const holdBack = () => {
  let send = () => {}
  const sent = new Promise<void>((resolve) => {
    send = resolve
  })
  return { send, sent }
}
const onRenditions = (handle: (route: Route) => Promise<void>) => page.route('**/blobs/renditions/**', handle)

describe('the wall of pictures', () => {
  it('is drawn card by card; what comes in front meanwhile takes none away, and more is offered when all stand', {
    timeout: 120_000,
  }, async () => {
    for (let index = 0; index < MANY; index++) await home.settled(await upload(`Number ${index}`))
    await page.addInitScript(`
      globalThis.taken = 0
      new MutationObserver((changes) => {
        const removed = changes.flatMap(({ removedNodes }) => [...removedNodes])
        const within = removed.flatMap((node) => [node, ...(node.querySelectorAll?.('.card') ?? [])])
        taken += within.filter((node) => node.matches?.('.card:not(.card-ghost)')).length
      }).observe(document, { childList: true, subtree: true })`)
    await stopTime()
    await passTime(async () => (await cards().count()) > 3)
    const more = page.getByRole('button', { name: 'Show older pictures' })
    expect(await more.count()).toBe(0)

    await hearOf('In front', () => upload('In front'))
    await passTime(async () => (await page.getByRole('article', { name: 'In front' }).count()) > 0)
    expect(await cards().count()).toBeLessThan(PAGE)
    await passTime(async () => (await more.count()) > 0)
    expect(await cards().count()).toBe(PAGE + 1)
    expect(await page.evaluate('taken')).toBe(0)
    await more.click()
    await passTime(async () => (await cards().count()) === MANY + 1)
  })

  it('draws nothing in the place of a picture that comes soon, and what it is like in the place of one that does not', {
    timeout: 60_000,
  }, async () => {
    await home.settled(await upload('Swift'))
    await page.addInitScript(`
      globalThis.placeholders = 0
      new MutationObserver(() => {
        placeholders += document.querySelectorAll('.picture-placeholder').length
      }).observe(document, { childList: true, subtree: true })`)
    const isLoaded = () => expect.poll(() => picture().getAttribute('data-loaded'), { timeout: 20_000 }).toBe('true')
    await stopTime()
    await passTime(async () => (await cards().count()) > 0)
    await page.clock.runFor(40)
    await isLoaded()
    await page.clock.runFor(10_000)
    expect(await page.evaluate('placeholders')).toBe(0)

    const { send, sent } = holdBack()
    await onRenditions(async (route) => {
      await sent
      await route.continue()
    })
    await page.reload()
    await passTime(async () => (await cards().count()) > 0)
    await page.clock.runFor(40)
    expect(await page.evaluate('placeholders')).toBe(0)
    await page.clock.runFor(200)
    expect(await placeholder().count()).toBe(1)
    expect(await page.evaluate('placeholders')).toBeGreaterThan(0)
    send()
    await isLoaded()
    expect(await placeholder().count()).toBe(0)
  })

  it('shows again what a picture is like where the next one cannot be had', { timeout: 60_000 }, async () => {
    const id = await upload('First')
    await home.settled(id)
    await page.reload()
    await page.locator('.picture[data-loaded=true]').first().waitFor()
    const { send, sent } = holdBack()
    let asked = 0
    await onRenditions(async (route) => {
      if (asked++ === 0) return route.abort()
      await sent
      await route.continue()
    })
    await home.ask('PATCH', `/v1/originals/${id}`, {
      body: JSON.stringify({ title: 'Second' }),
      headers: { 'content-type': 'application/json' },
    })
    await placeholder().waitFor()
    expect(await picture().getAttribute('data-loaded')).toBe('false')
    send()
    await page.locator('.picture[data-loaded=true]').first().waitFor()
    expect(await placeholder().count()).toBe(0)
    expect(asked).toBeGreaterThan(1)
  })
})
