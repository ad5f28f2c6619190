// Sizes, shares and lengths as people read them.
import { describe, expect, it } from 'vitest'
import * as original from '../src/original.ts'
import * as format from './format.ts'

const plain = (text: string) => text.replaceAll('\u00a0', ' ')

describe('formatBytes', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [84_321, '84.3 kB'],
    [999_999, '1 MB'],
    [15_134_224, '15.1 MB'],
    [5e12, '5,000 GB'],
  ])('%i is %s', (bytes, text) => {
    expect(plain(format.formatBytes(bytes))).toBe(text)
  })

  it('breaks no line between number and unit', () => {
    expect(format.formatBytes(84_321)).not.toContain(' ')
  })
})

it('formatPixels', () => {
  expect(plain(format.formatPixels(1280, 720))).toBe('1280 × 720')
})

it('formatShare says 100% only when all is there', () => {
  expect(format.formatShare(0.999)).toBe('99%')
  expect(format.formatShare(1)).toBe('100%')
})

it('formatPlural', () => {
  expect(format.formatPlural(1, 'picture', 'pictures')).toBe('1 picture')
  expect(format.formatPlural(1200, 'picture', 'pictures')).toBe('1,200 pictures')
})

describe('what Intl says for English', () => {
  it('counts', () => {
    const counts = new Intl.NumberFormat('en')
    for (const count of [0, 7, 999, 1000, 12_345, 999_999, 1_234_567, -1, -4321])
      expect(format.formatCount(count)).toBe(counts.format(count))
  })

  it('shares', () => {
    const shares = new Intl.NumberFormat('en', { style: 'percent' })
    for (let percent = 0; percent <= 100; percent++)
      expect(format.formatShare((percent + 0.5) / 100)).toBe(shares.format(percent / 100))
  })

  it('days and moments', () => {
    const days = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })
    const times = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' })
    for (let hour = 0; hour < 9000; hour += 7) {
      const date = new Date(Date.UTC(2026, 0, 1) + hour * 3_600_000 + 5 * 61_000)
      const iso = date.toISOString()
      expect(format.formatDay(iso)).toBe(days.format(date))
      expect(format.formatMoment(iso)).toBe(`${days.format(date)}, ${times.format(date)}`)
    }
  })

  it('lists', () => {
    const lists = new Intl.ListFormat('en')
    for (const items of [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']])
      expect(format.formatList(items)).toBe(lists.format(items))
  })

  it('sizes', () => {
    for (let bytes = 1000; bytes < 1e12; bytes = Math.ceil(bytes * 1.37)) {
      const [amount, unit] = plain(format.formatBytes(bytes)).split(' ')
      const power = { kB: 3, MB: 6, GB: 9 }[unit!]!
      const names = { 3: 'kilobyte', 6: 'megabyte', 9: 'gigabyte' } as const
      const size = new Intl.NumberFormat('en', { style: 'unit', unit: names[power as 3], maximumSignificantDigits: 3 })
      expect(`${amount} ${unit}`).toBe(size.format(Number(bytes.toPrecision(3)) / 10 ** power))
    }
  })
})

describe('titleRoom', () => {
  it('holds the limits that the server holds', () => {
    expect(format.TITLE_MAX_GRAPHEMES).toBe(original.TITLE_MAX_GRAPHEMES)
    expect(format.TITLE_MAX_BYTES).toBe(original.TITLE_MAX_BYTES)
  })

  it('counts what a person sees as one character as one', () => {
    expect(format.titleRoom('')).toBe(300)
    expect(format.titleRoom('  é🦀👨‍👩‍👧  ')).toBe(297)
  })

  it.each([
    ['x'.repeat(300), true],
    ['x'.repeat(301), false],
    ['🦀'.repeat(256), true],
    ['🦀'.repeat(257), false],
    ['誰'.repeat(300), true],
  ])('says what the server would say', (title, fits) => {
    const accepts = () => original.parseTitle(title)
    if (fits) expect(accepts).not.toThrow()
    else expect(accepts).toThrow()
    expect(format.titleRoom(title) >= 0).toBe(fits)
  })
})
