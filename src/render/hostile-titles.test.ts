// Titles made to harm, through a real decoder: each is drawn literally or refused with a reason, in time and within its memory.
import canvasKitModule from 'canvaskit-wasm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostileTitles } from '../../test/fixtures/hostile-titles.ts'
import { photo } from '../../test/fixtures/pictures.ts'
import { parseTitle } from '../original.ts'
import { presetSchema } from '../preset-schema.ts'
import { type Fonts, openFonts } from '../title/fonts.ts'
import { poolRenderer } from './pool.ts'
import type { Renderer } from './renderer.ts'
import { readPackageFile } from './title.ts'

/** Titles that are rendered in `npm test`; HOSTILE_TITLES asks for more. All 500 are parsed and given to the fonts each time. */
const RENDERED = Number(process.env.HOSTILE_TITLES ?? 22)
const TITLES = hostileTitles(500)
/** Two seconds on a machine that does nothing else. */
const WALL_MS = Number(process.env.WALL_MS ?? 10_000)
const RSS_BYTES = 300_000_000
const presets = { title: presetSchema.parse({ width: 640, height: 360, fit: 'contain', title: true }) }

let renderer: Renderer
let fonts: Fonts
beforeAll(async () => {
  fonts = await openFonts(await canvasKitModule.default(), readPackageFile)
  renderer = poolRenderer({ size: 1, wallMs: 30_000, maxRssBytes: RSS_BYTES, limits: { maxMemoryBytes: RSS_BYTES } })
})
afterAll(() => renderer.close())

/** The title as it would be drawn, or `undefined` where it is refused. */
function accepted(text: string): string | undefined {
  try {
    return parseTitle(text)
  } catch (error) {
    expect(error).toMatchObject({ code: 'title.invalid' })
    return undefined
  }
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
/** What is seen of a text: without marks for breaks, joiners and spaces. */
const seen = (text: string) => text.replace(/[\p{Default_Ignorable_Code_Point}\s]/gu, '')

test('every character is drawn as itself or named as missing', async () => {
  for (const text of TITLES) {
    const title = accepted(text)
    if (title === undefined) continue
    const { runs, missing } = await fonts.itemise(title)
    const left = Array.from(graphemes.segment(title), ({ segment }) => segment).filter(
      (segment) => !missing.some((one) => seen(one) === seen(segment)),
    )
    expect(seen(runs.map((run) => run.text).join('')), JSON.stringify(text)).toBe(seen(left.join('')))
  }
}, 60_000)

test('each is finished in time and within its memory', { timeout: 60_000 + 3_000 * RENDERED }, async () => {
  const bytes = await photo()
  await renderer.render({ bytes, presets, title: 'The first loads Skia.' })
  const slow: string[] = []
  for (const text of TITLES.slice(0, RENDERED)) {
    const title = accepted(text)
    const start = performance.now()
    const { renditions } = await renderer.render({ bytes, presets, title: title ?? text })
    if (performance.now() - start > WALL_MS) slow.push(text)
    const outcome = renditions.title!
    if ('failure' in outcome)
      expect(
        title === undefined ? ['title.invalid'] : ['title.not_readable', 'title.does_not_fit'],
        JSON.stringify(text),
      ).toContain(outcome.failure.code)
    else {
      const { title: report, missingCharacters } = outcome.rendered
      if (report)
        expect(Math.min(report.contrast.p5, report.contrast.worst)).toBeGreaterThanOrEqual(report.contrast.target)
      else expect(seen(title!) === '' || missingCharacters, JSON.stringify(text)).toBeTruthy()
    }
  }
  expect(slow).toEqual([])
})
