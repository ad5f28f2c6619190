import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanFilename, newTicketId } from './ticket.ts'

describe('ticket ids', () => {
  it('sort newest first and never repeat', () => {
    const times = [0, 1, 1000, Date.now(), Date.now() + 86_400_000, 4e12]
    const ids = times.map((time) => newTicketId(new Date(time)))
    expect([...ids].sort()).toEqual([...ids].reverse())
    expect(new Set(Array.from({ length: 1000 }, () => newTicketId())).size).toBe(1000)
    for (const id of ids) expect(id).toMatch(/^[0-9a-v]{30}$/)
  })
})

describe('file names', () => {
  it('are one harmless segment of at most 120 bytes, and clean names stay as they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (filename) => {
        const name = cleanFilename(filename)
        expect(name).not.toMatch(/[/\\\p{Cc}]|^\.|^$/u)
        expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(120)
        expect(cleanFilename(name)).toBe(name)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['photo.jpg', 'photo.jpg'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\fakepath\\a b+c,ü.JPG', 'a b+c,ü.JPG'],
    ['...', 'image'],
    ['con.jpg', '_con.jpg'],
    [`${'é'.repeat(100)}.jpeg`, `${'é'.repeat(57)}.jpeg`],
    ['日本 🦀.png', '日本 🦀.png'],
    ['a\u202egpj.exe', 'agpj.exe'],
  ])('%j becomes %j', (filename, name) => {
    expect(cleanFilename(filename)).toBe(name)
  })
})
