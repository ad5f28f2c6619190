// The pool with real child processes: death, hang, bloat, replacement, lanes, a scrubbed environment, and no orphan.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MARKERS } from '../../test/faults/decoder-hook.ts'
import * as pictures from '../../test/fixtures/pictures.ts'
import { presetSchema } from '../preset-schema.ts'
import { openDecoder } from './decoder.ts'
import { type PoolOptions, poolRenderer } from './pool.ts'
import type { Renderer } from './renderer.ts'

const presets = { small: presetSchema.parse({ width: 64 }) }
const HOOK = ['--import', new URL('../../test/faults/decoder-hook.ts', import.meta.url).href]
const POOL_URL = new URL('./pool.ts', import.meta.url).href

let photo: Buffer
beforeAll(async () => {
  photo = await pictures.photo()
})

const open: Renderer[] = []
function pool(options: PoolOptions = {}): Renderer {
  const renderer = poolRenderer(options)
  open.push(renderer)
  return renderer
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((renderer) => renderer.close()))
})

/** Looks at the children through /proc, which other systems have not. */
const testOnLinux = test.runIf(process.platform === 'linux')

const poisoned = (marker: keyof typeof MARKERS) => Buffer.concat([photo, Buffer.from(MARKERS[marker])])

async function outcomeOf(renderer: Renderer, bytes: Uint8Array): Promise<string> {
  return renderer.render({ bytes, presets }).then(
    ({ renditions }) => Object.keys(renditions.small!)[0]!,
    (error: { code: string }) => error.code,
  )
}

/** Linux: the decoder processes of one parent, by what /proc says. */
function decodersOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
        const [state, ppid] = status.slice(status.lastIndexOf(')') + 2).split(' ')
        return (
          state !== 'Z' &&
          Number(ppid) === parent &&
          readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/render/child.')
        )
      } catch {
        return false
      }
    })
    .map(Number)
}

async function until(holds: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!holds()) {
    if (Date.now() > end) throw new Error('it did not come about in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a picture that kills a decoder on its very first job is blamed for it', async () => {
  for (let i = 0; i < 6; i++)
    expect(await outcomeOf(pool({ size: 1, execArgv: HOOK }), poisoned('abort'))).toBe('decoder.died')
})

test('renders, and passes refusals on as they are', async () => {
  const renderer = pool({ size: 1 })
  const { facts, renditions } = await renderer.render({ bytes: photo, presets, title: '' })
  expect(facts).toMatchObject({ format: 'jpeg', width: 640, height: 480 })
  expect(renditions.small).toMatchObject({ rendered: { width: 64, height: 48, contentType: 'image/jpeg' } })
  await expect(renderer.render({ bytes: Buffer.from('text'), presets })).rejects.toMatchObject({
    name: 'ThumbsmithError',
    code: 'image.not_an_image',
    retry: 'never',
  })
})

test('draws titles, reading fonts as they are needed', async () => {
  const renderer = pool({ size: 1 })
  const titled = { it: presetSchema.parse({ width: 320, height: 180, fit: 'cover', title: true }) }
  const draw = async (title: string) => {
    const { renditions } = await renderer.render({ bytes: photo, presets: titled, title })
    expect(renditions.it).toHaveProperty('rendered')
    return JSON.stringify(renditions)
  }
  expect(new Set([await draw(''), await draw('Hello'), await draw('दस बातें'), await draw('誰も 🦀')]).size).toBe(4)
})

describe('pictures that harm the decoder', () => {
  test.each([
    ['abort', 'decoder.died', {}],
    ['hang', 'decoder.too_slow', { wallMs: 1_500 }],
    ['bloat', 'decoder.too_much_memory', { maxRssBytes: 300_000_000 }],
  ] as const)('%s', async (marker, code, options) => {
    const renderer = pool({ size: 2, execArgv: HOOK, ...options })
    const good = Array.from({ length: 6 }, () => outcomeOf(renderer, photo))
    const bad = outcomeOf(renderer, poisoned(marker))
    const after = Array.from({ length: 6 }, () => outcomeOf(renderer, photo))
    expect(await bad).toBe(code)
    expect(new Set(await Promise.all([...good, ...after]))).toEqual(new Set(['rendered']))
  })
})

testOnLinux('a decoder that was killed while idle costs the next job nothing', async () => {
  const renderer = pool({ size: 1 })
  await outcomeOf(renderer, photo)
  const [pid] = decodersOf(process.pid)
  process.kill(pid!, 'SIGKILL')
  expect(await outcomeOf(renderer, photo)).toBe('rendered')
  expect(decodersOf(process.pid)).not.toContain(pid)
})

test('a decoder that cannot start fails each job once, with its reason', async () => {
  const renderer = pool({ size: 1, execArgv: ['--import', 'data:text/javascript,throw new Error("no sharp here")'] })
  const failures = await Promise.allSettled([1, 2, 3].map(() => renderer.render({ bytes: photo, presets })))
  for (const failure of failures)
    expect(failure).toMatchObject({
      reason: { code: 'internal', retry: 'later', detail: expect.stringContaining('no sharp here') },
    })
})

testOnLinux('takes over a decoder that runs already, replaces it when it dies, and ends it', async () => {
  const first = openDecoder()
  const renderer = pool({ size: 1, first })
  expect(await outcomeOf(renderer, photo)).toBe('rendered')
  const [pid, ...others] = decodersOf(process.pid)
  expect(others).toEqual([])
  process.kill(pid!, 'SIGKILL')
  await first.ended
  expect(await outcomeOf(renderer, photo)).toBe('rendered')
  const late = openDecoder()
  await pool({ size: 1, first: late }).close()
  await late.ended
  expect(decodersOf(process.pid)).toHaveLength(1)
})

testOnLinux('is replaced after so many jobs', async () => {
  const renderer = pool({ size: 1, recycleAfter: 2 })
  const pids: number[] = []
  for (let job = 0; job < 5; job++) {
    expect(await outcomeOf(renderer, photo)).toBe('rendered')
    pids.push(...decodersOf(process.pid))
  }
  expect(new Set(pids).size).toBeGreaterThanOrEqual(2)
})

testOnLinux('is replaced when it has grown', async () => {
  const renderer = pool({ size: 1, recycleAboveRssBytes: 1 })
  await outcomeOf(renderer, photo)
  await until(() => decodersOf(process.pid).length === 0)
  expect(await outcomeOf(renderer, photo)).toBe('rendered')
})

test('large pictures wait for a lane in which one runs at a time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'thumbsmith-test-'))
  const log = join(folder, 'jobs')
  const renderer = pool({ size: 2, largeFromBytes: 1, execArgv: HOOK, env: { JOB_LOG: log } })
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => outcomeOf(renderer, photo)))
  expect(new Set(outcomes)).toEqual(new Set(['rendered']))
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  const large = lines.filter((line) => !line.endsWith(' 1')).map((line) => line.split(' ')[0])
  expect(large).toEqual(Array.from({ length: 6 }, () => ['begun', 'ended']).flat())
  rmSync(folder, { recursive: true })
})

test('what is too large for both lanes is refused', async () => {
  const renderer = pool({ size: 1, largeFromBytes: 1, limits: { maxMemoryBytes: 2 } })
  expect(await outcomeOf(renderer, photo)).toBe('image.needs_too_much_memory')
})

testOnLinux('close lets waiting jobs finish, ends the children and takes no more', async () => {
  const renderer = pool({ size: 1 })
  const jobs = Array.from({ length: 4 }, () => outcomeOf(renderer, photo))
  await renderer.close()
  expect(await Promise.all(jobs)).toEqual(['rendered', 'rendered', 'rendered', 'rendered'])
  expect(decodersOf(process.pid)).toEqual([])
  await expect(renderer.render({ bytes: photo, presets })).rejects.toMatchObject({ code: 'internal' })
})

describe('isolation', () => {
  testOnLinux('the child sees no variable of its parent, and no folder', async () => {
    process.env.THUMBSMITH_TEST_SECRET = 'hunter2'
    const renderer = pool({ size: 1, env: { EXTRA: 'yes' } })
    await outcomeOf(renderer, photo)
    const [pid] = decodersOf(process.pid)
    const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter(Boolean)
      .map((line) => line.split('=')[0])
    expect(new Set(names.filter((name) => !name!.startsWith('NODE_CHANNEL')))).toEqual(
      new Set([
        'EXTRA',
        'GLIBC_TUNABLES',
        'MALLOC_ARENA_MAX',
        'MALLOC_MMAP_THRESHOLD_',
        'MALLOC_TRIM_THRESHOLD_',
        'UV_THREADPOOL_SIZE',
      ]),
    )
    expect(readlinkSync(`/proc/${pid}/cwd`)).toMatch(/thumbsmith-decoder-\w+ \(deleted\)$/)
  })

  test('the parent never loads sharp', async () => {
    const script = `await import(${JSON.stringify(POOL_URL)}); console.log(process.report.getReport().sharedObjects.filter((name) => name.includes('vips') || name.includes('sharp')).length)`
    const node = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output] = (await once(node.stdout, 'data')) as [Buffer]
    expect(String(output).trim()).toBe('0')
  })

  testOnLinux('a parent that is killed leaves no child behind', async () => {
    const script = `
      const { poolRenderer } = await import(${JSON.stringify(POOL_URL)})
      const renderer = poolRenderer({ size: 2 })
      const bytes = Buffer.from(${JSON.stringify(photo.toString('base64'))}, 'base64')
      const render = () => renderer.render({ bytes, presets: ${JSON.stringify(presets)} })
      await Promise.all([render(), render()])
      console.log('up')
      for (;;) await render()`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(parent.stdout, 'data')
    const children = decodersOf(parent.pid!)
    expect(children.length).toBe(2)
    parent.kill('SIGKILL')
    const alive = (pid: number) => {
      try {
        return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
      } catch {
        return false
      }
    }
    await until(() => !children.some(alive))
  })
})
