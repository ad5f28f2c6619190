// Every file that cannot be uploaded has a reason in words, before a byte is sent.
import { describe, expect, it } from 'vitest'
import type { Kind } from './sniff.ts'
import { problemOf } from './staging.ts'

const upload = {
  maxBytes: 50_000_000,
  contentTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif'],
}

describe('problemOf', () => {
  it.each<Kind>(['jpeg', 'png', 'webp', 'avif', 'gif'])('takes %s', (kind) => {
    expect(problemOf({ size: 1000 }, kind, upload)).toBeUndefined()
  })

  it.each<[Kind, RegExp]>([
    ['heic', /iPhone.*JPEG/],
    ['svg', /PNG/],
    ['pdf', /PDF.*JPEG/],
    ['bmp', /PNG/],
    ['tiff', /TIFF/],
    ['psd', /Photoshop/],
    ['jxl', /JPEG XL/],
    ['raw', /raw/],
    ['video', /video/],
    ['unknown', /not a picture/],
  ])('says what to do about %s', (kind, sentence) => {
    expect(problemOf({ size: 1000 }, kind, upload)).toMatch(sentence)
  })

  it('takes what the server says it takes', () => {
    const withTiff = { ...upload, contentTypes: [...upload.contentTypes, 'image/tiff'] }
    expect(problemOf({ size: 1000 }, 'tiff', withTiff)).toBeUndefined()
    expect(problemOf({ size: 1000 }, 'gif', { ...upload, contentTypes: ['image/jpeg'] })).toMatch(/GIF are not taken/)
  })

  it('knows the limits of size', () => {
    expect(problemOf({ size: 0 }, 'unknown', upload)).toMatch(/empty/)
    expect(problemOf({ size: 50_000_000 }, 'jpeg', upload)).toBeUndefined()
    expect(problemOf({ size: 50_000_001 }, 'jpeg', upload)).toMatch(/too big: 50.MB, and at most 50.MB/)
  })
})
