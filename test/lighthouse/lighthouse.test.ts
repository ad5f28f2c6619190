// Lighthouse over the dashboard with pictures on it: accessibility 1.0, and performance at least 0.95 in the best of a few runs,
// because a busy machine only ever makes it worse.
import lighthouse from 'lighthouse'
import { chromium } from 'playwright-core'
import { expect, it } from 'vitest'
import { CHROMIUM_ARGS, chromiumPath } from '../browser/browser.ts'
import { photo } from '../fixtures/pictures.ts'
import { openHome } from '../hosts/harness.ts'

const PORT = 9333
const RUNS = 4

it('the dashboard is fast and can be used by everybody', { timeout: 300_000 }, async () => {
  const home = await openHome()
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: [...CHROMIUM_ARGS, `--remote-debugging-port=${PORT}`],
  })
  try {
    for (let seed = 1; seed <= 6; seed++) {
      const bytes = (await photo({ width: 1600, height: 1200, seed })) as Buffer<ArrayBuffer>
      await home.settled((await home.upload(bytes, { filename: `${seed}.jpg`, title: `Picture ${seed}` })).id)
    }
    const scores: { performance: number; accessibility: number }[] = []
    for (let run = 0; run < RUNS; run++) {
      const result = await lighthouse(home.url, {
        port: PORT,
        output: 'json',
        logLevel: 'error',
        onlyCategories: ['performance', 'accessibility'],
      })
      const { runtimeError, categories } = result!.lhr
      // Lighthouse saw nothing, and has scored nothing.
      if (runtimeError) {
        process.stderr.write(`${runtimeError.message}\n`)
        continue
      }
      const { performance, accessibility } = categories
      scores.push({ performance: performance!.score ?? 0, accessibility: accessibility!.score ?? 0 })
      if (scores.at(-1)!.performance >= 0.95) break
    }
    process.stdout.write(`${JSON.stringify(scores)}\n`)
    expect(Math.max(...scores.map(({ performance }) => performance))).toBeGreaterThanOrEqual(0.95)
    for (const { accessibility } of scores) expect(accessibility).toBe(1)
  } finally {
    await browser.close()
    await home.close()
  }
})
