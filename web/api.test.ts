// Failures, from problem documents to answers of whatever stands between, become one kind of error; and what may pass is tried again.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError, parseProblem, persist, toApiError } from './api.ts'

const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  parseProblem(new Response(body, { status, headers }))

describe('parseProblem', () => {
  it('reads a problem document', async () => {
    const body = JSON.stringify({ code: 'storage.full', status: 507, title: 'Full', detail: 'The store is full.' })
    const error = await answer(507, body, { 'retry-after': '7' })
    expect(error).toMatchObject({
      code: 'storage.full',
      status: 507,
      message: 'The store is full.',
      retryAfterSeconds: 7,
    })
  })

  it.each([
    [502, '<html>Bad gateway', 'network'],
    [504, '', 'network'],
    [500, 'oops', 'internal'],
    [413, '{"message":"too large"}', 'internal'],
  ])('%i without one still says something', async (status, body, code) => {
    const error = await answer(status, body)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(/\.$/)
  })
})

it('a fetch that got no answer is a network error', () => {
  expect(toApiError(new TypeError('Failed to fetch'))).toMatchObject({ code: 'network', status: 0 })
})

describe('persist', () => {
  afterEach(() => void vi.useRealTimers())

  async function run(errors: ApiError[], tries: number) {
    vi.useFakeTimers()
    const act = vi.fn(async () => {
      const error = errors.shift()
      if (error) throw error
      return 'done'
    })
    const outcome = persist(tries, act).catch((error: ApiError) => error.code)
    await vi.runAllTimersAsync()
    return { outcome: await outcome, calls: act.mock.calls.length }
  }

  it('tries again what may pass', async () => {
    const errors = [new ApiError('network', 0, ''), new ApiError('request.too_many', 429, '', 2)]
    expect(await run(errors, 4)).toEqual({ outcome: 'done', calls: 3 })
  })

  it.each([
    ['what is final', new ApiError('title.invalid', 400, '')],
    ['a full store', new ApiError('storage.full', 507, '')],
  ])('does not try again %s', async (_, error) => {
    expect(await run([error], 4)).toEqual({ outcome: error.code, calls: 1 })
  })

  it('gives up in the end', async () => {
    const errors = Array.from({ length: 9 }, () => new ApiError('network', 0, ''))
    expect(await run(errors, 3)).toEqual({ outcome: 'network', calls: 3 })
  })
})
