// Which kinds are told apart by their first bytes.
import { expect, test } from 'vitest'
import { animation, disc, photo, picture } from '../../test/fixtures/pictures.ts'
import { sniff } from './sniff.ts'

const ftyp = (...brands: string[]) => {
  const body = `ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length + 4)
  return Buffer.concat([length, Buffer.from(body, 'latin1'), Buffer.alloc(64)])
}

test('knows every kind that can be read, from files that sharp wrote', async () => {
  expect(sniff(await photo())).toBe('jpeg')
  expect(sniff(await disc().png().toBuffer())).toBe('png')
  expect(sniff(await picture().webp().toBuffer())).toBe('webp')
  expect(sniff(await picture({ width: 32, height: 32 }).avif({ effort: 0 }).toBuffer())).toBe('avif')
  expect(sniff(await picture().tiff().toBuffer())).toBe('tiff')
  expect(sniff(await animation(2, 'gif'))).toBe('gif')
})

test.each([
  ['heic', ftyp('heic', 'mif1', 'heic')],
  ['heic', ftyp('mif1', 'heic')],
  ['avif', ftyp('mif1', 'avif', 'miaf')],
  ['avif', ftyp('avif', 'avis', 'mif1')],
  ['animated-avif', ftyp('avis', 'avif', 'avis', 'msf1')],
  ['video', ftyp('isom', 'iso2', 'mp41')],
  ['svg', Buffer.from('<?xml version="1.0"?>\n<!-- x --><svg xmlns="http://www.w3.org/2000/svg"/>')],
  ['svg', Buffer.from('\ufeff  <svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>')],
  ['pdf', Buffer.from('%PDF-1.7\n')],
  ['bmp', Buffer.from('424d360c00000000000036000000', 'hex')],
  ['jxl', Buffer.from('ff0a00ff', 'hex')],
  ['jxl', Buffer.from('0000000c4a584c200d0a870a', 'hex')],
  ['psd', Buffer.from('8BPS\0\u0001')],
  ['jpeg2000', Buffer.from('0000000c6a5020200d0a870a', 'hex')],
  [undefined, Buffer.from('Dear all, this is no picture.')],
  [undefined, Buffer.from('<html><body><svg></svg></body></html>')],
  [undefined, Buffer.from('PK\u0003\u0004')],
  [undefined, Buffer.from([0xff])],
  [undefined, Buffer.alloc(64)],
])('%s', (kind, bytes) => {
  expect(sniff(bytes)).toBe(kind)
})

test('reads from where a view starts in its buffer', async () => {
  const bytes = await photo({ width: 8, height: 8 })
  const padded = new Uint8Array(bytes.length + 10)
  padded.set(bytes, 10)
  expect(sniff(padded.subarray(10))).toBe('jpeg')
})
