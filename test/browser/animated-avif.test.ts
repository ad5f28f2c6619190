// An animated AVIF as a browser plays it: its frames, how long each stands, how often it goes round, and its colours and transparency.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encode } from '../../src/render/encode.ts'
import type { Raw } from '../../src/render/raw.ts'
import { expectNear } from '../fixtures/renditions.ts'
import { openBrowser, openPage, type Watched } from './browser.ts'

const DELAYS = [100, 120, 140, 160]
// Neither side is a multiple of anything.
const SIZE = { width: 33, height: 21 }

let browser: Awaited<ReturnType<typeof openBrowser>>
let page: Watched['page']
beforeAll(async () => {
  browser = await openBrowser()
  page = (await openPage(browser, 'about:blank')).page
  // Browsers decode for pages of their own machine or of safe ones only.
  await page.route('http://localhost/', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>-</title>' }),
  )
  await page.goto('http://localhost/')
})
afterAll(() => browser.close())

/** The left half of a frame and its right half, which shines through ever less. */
const coloursOf = (frame: number) => ({
  left: [40 + 50 * frame, 200 - 40 * frame, 60, 255],
  right: [200 - 40 * frame, 60, 40 + 50 * frame, 60 * frame + 60],
})

function frameOf(frame: number, channels: 3 | 4): Raw {
  const { left, right } = coloursOf(frame)
  const data = Buffer.alloc(SIZE.width * SIZE.height * channels)
  for (let pixel = 0; pixel < SIZE.width * SIZE.height; pixel++)
    data.set((pixel % SIZE.width < 16 ? left : right).slice(0, channels), channels * pixel)
  return { ...SIZE, channels, data }
}

function play(bytes: Uint8Array) {
  return page.evaluate(
    async (file) => {
      const decoder = new ImageDecoder({ type: 'image/avif', data: new Uint8Array(file) })
      await decoder.tracks.ready
      await decoder.completed
      const track = decoder.tracks.selectedTrack!
      const frames = []
      for (let frameIndex = 0; frameIndex < track.frameCount; frameIndex++) {
        const { image } = await decoder.decode({ frameIndex })
        const { displayWidth: width, displayHeight: height } = image
        const canvas = new OffscreenCanvas(width, height).getContext('2d')!
        canvas.drawImage(image, 0, 0)
        const at = (x: number) => [...canvas.getImageData(x, 10, 1, 1).data]
        frames.push({ width, height, milliseconds: image.duration! / 1_000, left: at(5), right: at(27) })
      }
      const { animated, repetitionCount } = track
      return { animated, repeats: String(repetitionCount), frames }
    },
    [...bytes],
  )
}

test.each([
  { channels: 3, loop: 0, repeats: 'Infinity' },
  { channels: 4, loop: 3, repeats: '2' },
  { channels: 4, loop: 1, repeats: '0' },
] as const)('$channels channels, $loop rounds', async ({ channels, loop, repeats }) => {
  const frames = DELAYS.map((_, frame) => frameOf(frame, channels))
  const { bytes, contentType } = await encode(frames, 'avif', {
    quality: undefined,
    behind: '#000000',
    delays: DELAYS,
    loop,
    copyright: 'Somebody',
  })
  expect(contentType).toBe('image/avif')
  const played = await play(bytes)
  expect(played).toMatchObject({ animated: true, repeats })
  expect(played.frames.map(({ milliseconds }) => milliseconds)).toEqual(DELAYS)
  for (const [frame, { width, height, left, right }] of played.frames.entries()) {
    const colours = coloursOf(frame)
    expect({ width, height }).toEqual(SIZE)
    expectNear(left, colours.left, 6)
    expectNear(right, channels === 4 ? colours.right : [...colours.right.slice(0, 3), 255], 6)
  }
})
