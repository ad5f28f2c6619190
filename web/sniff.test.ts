// Kinds are told by bytes: every kind that the page speaks of, and what only looks like one.
import { describe, expect, it } from 'vitest'
import { type Kind, sniff } from './sniff.ts'

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))

const HEADS: [Kind, string][] = [
  ['jpeg', '\xff\xd8\xff\xe0\0\x10JFIF'],
  ['png', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR'],
  ['gif', 'GIF89a\x01\0\x01\0'],
  ['webp', 'RIFF\x24\0\0\0WEBPVP8 '],
  ['avif', '\0\0\0\x20ftypavif\0\0\0\0avifmif1'],
  ['avif', '\0\0\0\x20ftypmif1\0\0\0\0mif1avif'],
  ['heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
  ['heic', '\0\0\0\x18ftypmif1\0\0\0\0mif1heic'],
  ['video', '\0\0\0\x20ftypisom\0\0\x02\0isomavc1'],
  ['video', 'RIFF\x24\0\0\0AVI LIST'],
  ['tiff', 'II*\0\x08\0\0\0\0\0'],
  ['tiff', 'MM\0*\0\0\0\x08'],
  ['raw', 'II*\0\x10\0\0\0CR\x02\0'],
  ['bmp', 'BM\x36\x10\0\0\0\0\0\0\x36\0'],
  ['svg', '\xef\xbb\xbf  <svg xmlns="http'],
  ['svg', '<?xml version="1.0"?><svg>'],
  ['pdf', '%PDF-1.7\n'],
  ['psd', '8BPS\0\x01'],
  ['jxl', '\xff\x0a\xfa\x1f'],
  ['jxl', '\0\0\0\x0cJXL \r\n\x87\n'],
]

describe('sniff', () => {
  it.each(HEADS)('knows %s', (kind, head) => {
    expect(sniff(bytes(head))).toBe(kind)
  })

  it.each([
    ['nothing', ''],
    ['a text', 'BMW is the name of a car maker'],
    ['a sound in RIFF', 'RIFF\x24\0\0\0WAVEfmt '],
    ['a picture that begins too late', '\0\xff\xd8\xff'],
    ['a page', '<html><body>'],
  ])('takes %s for no picture', (_, head) => {
    expect(sniff(bytes(head))).toBe('unknown')
  })
})
