// A real Chromium for tests: one browser a file, a fresh page each time, and everything on that page that no good page has.
import { type Browser, chromium, type Page } from 'playwright-core'

/** Without them Chromium looks up its maker's hosts, which a closed network refuses. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function chromiumPath(): string {
  return process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
}

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_ARGS })

export interface Watched {
  page: Page
  /** Console errors, uncaught exceptions, refusals by the content security policy, dialogs, and requests to anywhere but the server. */
  complaints: string[]
  /** Method and path of every request so far. */
  requests: string[]
}

export async function openPage(
  browser: Browser,
  url: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const to = new URL(request.url())
    requests.push(`${request.method()} ${to.pathname}`)
    if (/^https?:$/.test(to.protocol) && to.origin !== new URL(url).origin)
      complaints.push(`foreign request: ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints, requests }
}
