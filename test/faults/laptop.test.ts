// The laptop home under faults: killed at random, fed with pictures that kill its decoders, and used by two clients at once.
import sharp from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import type { OriginalList, OriginalView } from '../../src/http/schemas.ts'
import { type Home, openHome } from '../hosts/harness.ts'
import { MARKERS } from './decoder-hook.ts'

const MINUTES_MS = 60_000
let home: Home
afterEach(() => home.close())

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const isSettled = ({ state }: OriginalView) => state !== 'queued' && state !== 'rendering'

/** Pictures that differ, so that a mix-up would show: each has one colour of its own. */
const coloured = (i: number) =>
  sharp({ create: { width: 320, height: 200, channels: 3, background: colourOf(i) } })
    .jpeg({ quality: 95 })
    .toBuffer() as Promise<Buffer<ArrayBuffer>>
const colourOf = (i: number) => ({ r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 151) % 256 })

async function isOfColour(bytes: Buffer, i: number): Promise<boolean> {
  const { channels } = await sharp(bytes).extract({ left: 4, top: 4, width: 8, height: 8 }).stats()
  const { r, g, b } = colourOf(i)
  return [r, g, b].every((value, channel) => Math.abs(channels[channel]!.mean - value) < 8)
}

async function list(): Promise<OriginalView[]> {
  const all: OriginalView[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const response = await home.ask('GET', `/v1/originals?limit=100${cursor && `&cursor=${cursor}`}`)
    const page = (await response.json()) as OriginalList
    all.push(...page.originals)
    cursor = page.next
  }
  return all
}

/** Every original once all of them have settled; else says what the rest waits for. */
async function allSettled(count: number, timeoutMs: number): Promise<OriginalView[]> {
  for (const end = Date.now() + timeoutMs; ; await pause(500)) {
    const all = await list()
    if (all.length >= count && all.every(isSettled)) return all
    const open = all.filter((original) => !isSettled(original)).map(({ key, state }) => `${key}: ${state}`)
    if (Date.now() > end) throw new Error(`${all.length} originals, not settled: ${open.join(', ')}`)
  }
}

/** Runs `work` for 0..count-1, a few at a time. */
async function each(count: number, atOnce: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let i = next++; i < count; i = next++) await work(i)
    }),
  )
}

describe('the laptop', () => {
  it('killed 10 times during 200 uploads loses none, shows nothing half, and makes at most 3 % twice', {
    timeout: 10 * MINUTES_MS,
  }, async () => {
    const UPLOADS = 200
    const KILLS = 10
    home = await openHome({ env: { THUMBSMITH_LOG_LEVEL: 'debug' } })
    const acknowledged: string[] = []
    let over = false
    let lives = 1

    const uploading = each(UPLOADS, 4, async (i) => {
      const bytes = await coloured(i)
      for (;;) {
        try {
          const { id } = await home.upload(bytes, { filename: `${i}.jpg`, title: i % 3 ? '' : `Title ${i}` })
          acknowledged[i] = id
          return
        } catch {
          await pause(100)
        }
      }
    })
    const killing = (async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        await pause(300 + Math.random() * 1500)
        await home.kill()
        await pause(200)
        await home.start()
        lives++
      }
    })()
    let looked = 0
    const reading = (async () => {
      while (!over) {
        try {
          for (const { url, bytes } of (await list()).flatMap(({ renditions }) => renditions)) {
            if (url === undefined || over) continue
            const response = await fetch(url)
            if (!response.ok) continue
            const body = Buffer.from(await response.arrayBuffer())
            expect(body.length).toBe(bytes)
            await sharp(body, { failOn: 'warning' }).raw().toBuffer()
            looked++
          }
        } catch (error) {
          // A server that was just killed does not answer, or cuts an answer off, which fetch reports.
          if (!(error instanceof TypeError) && !/does not run|terminated/.test(String(error))) throw error
        }
        await pause(50)
      }
    })()
    await Promise.all([uploading, killing])
    const settledAt = Date.now()
    const all = await allSettled(UPLOADS, 3 * MINUTES_MS)
    over = true
    await reading
    const byId = new Map(all.map((original) => [original.id, original]))
    await each(UPLOADS, 4, async (i) => {
      const original = byId.get(acknowledged[i]!)!
      expect(original.state).toBe('ready')
      expect(await isOfColour(await home.bytesOf(original, 'square'), i)).toBe(true)
    })
    const stored = home.log
      .filter(({ message }) => message === 'stored')
      .map(({ key, fingerprint, preset }) => `${key} ${preset} ${fingerprint}`)
    const twice = stored.length - new Set(stored).size
    const report = {
      uploads: UPLOADS,
      lives,
      originals: all.length,
      looked,
      storedTwice: twice,
      of: stored.length,
      settledAfterMs: Date.now() - settledAt,
    }
    process.stdout.write(`${JSON.stringify(report)}\n`)
    expect(lives).toBe(KILLS + 1)
    expect(looked).toBeGreaterThan(UPLOADS)
    expect(stored.length).toBeGreaterThanOrEqual(UPLOADS * 3)
    expect(twice / stored.length).toBeLessThanOrEqual(0.03)
  })

  it('sets 50 pictures aside that kill, hang or bloat the decoder, while 200 good ones get ready and it never restarts', {
    timeout: 15 * MINUTES_MS,
  }, async () => {
    home = await openHome({ entry: 'test/faults/server.ts', env: { THUMBSMITH_LOG_LEVEL: 'debug' } })
    const kinds = Object.values(MARKERS)
    const good: string[] = []
    const bad: string[] = []
    await each(250, 4, async (i) => {
      const bytes = await coloured(i)
      const isBad = i % 5 === 4
      // Hanging takes its full 15 s twice each, so most of the bad ones kill or bloat.
      const marker = i % 60 === 59 ? MARKERS.hang : kinds[i % 2 ? 0 : 2]!
      const body = isBad ? (Buffer.concat([bytes, Buffer.from(marker)]) as Buffer<ArrayBuffer>) : bytes
      const { id } = await home.upload(body, { filename: `${i}.jpg` })
      ;(isBad ? bad : good)[i] = id
    })
    const first = home.url
    const slowest: number[] = []
    let over = false
    const asking = (async () => {
      for (; !over; await pause(100)) {
        const asked = performance.now()
        expect((await home.ask('GET', '/healthz')).status).toBe(200)
        slowest.push(performance.now() - asked)
      }
    })()
    const all = await allSettled(250, 12 * MINUTES_MS)
    over = true
    await asking
    const byId = new Map(all.map((original) => [original.id, original]))
    for (const id of good.filter(Boolean)) expect(byId.get(id)?.state).toBe('ready')
    const codes: Record<string, number> = {}
    for (const id of bad.filter(Boolean)) {
      const original = byId.get(id)!
      expect(original.state).toBe('failed')
      expect(original.error?.message).toMatch(/set aside/)
      codes[original.error!.code] = (codes[original.error!.code] ?? 0) + 1
      // Two tries at the most: each try is one plan to render.
      const lines = home.log.filter(({ key }) => key === original.key)
      const tries = lines.filter(({ message, decided }) => message === 'planned' && decided === 'render')
      expect(tries.length, JSON.stringify(lines)).toBeLessThanOrEqual(2)
    }
    slowest.sort((a, b) => a - b)
    process.stdout.write(
      `${JSON.stringify({ codes, healthzP99Ms: Math.round(slowest[Math.floor(slowest.length * 0.99)]!) })}\n`,
    )
    expect(home.url).toBe(first)
    expect(Object.values(codes).reduce((a, b) => a + b)).toBe(50)
  })

  it('keeps 200 uploads of one file name from two clients apart', { timeout: 5 * MINUTES_MS }, async () => {
    home = await openHome()
    const ids: string[] = []
    await each(100, 2, async (i) => {
      const pair = await Promise.all(
        [2 * i, 2 * i + 1].map(async (n) => home.upload(await coloured(n), { filename: 'photo.jpg' })),
      )
      for (const [side, { id }] of pair.entries()) ids[2 * i + side] = id
    })
    expect(new Set(ids).size).toBe(200)
    await each(200, 4, async (n) => {
      const original = await home.settled(ids[n]!)
      expect(original.state).toBe('ready')
      expect(await isOfColour(await home.bytesOf(original, 'square'), n)).toBe(true)
    })
    expect(await list()).toHaveLength(200)
  })
})
