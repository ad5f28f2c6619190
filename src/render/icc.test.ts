// Profiles are known by the name that they give themselves, in both forms that the ICC has written.
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { describeProfile, isSrgb } from './icc.ts'

async function profile(name: 'srgb' | 'p3' | 'cmyk'): Promise<Buffer> {
  const flat = sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } })
  const { icc } = await sharp(await flat.withIccProfile(name).jpeg().toBuffer()).metadata()
  return icc!
}

/** A profile of one tag: its description as ICC version 4 writes it. */
function v4(description: string): Buffer {
  const text = Buffer.from(description, 'utf16le').swap16()
  const header = Buffer.alloc(128 + 4 + 12)
  header.writeUInt32BE(1, 128)
  header.write('desc', 132, 'latin1')
  header.writeUInt32BE(144, 136)
  header.writeUInt32BE(28 + text.length, 140)
  const tag = Buffer.alloc(28)
  tag.write('mluc', 0, 'latin1')
  tag.writeUInt32BE(1, 8)
  tag.writeUInt32BE(12, 12)
  tag.writeUInt32BE(text.length, 20)
  tag.writeUInt32BE(28, 24)
  return Buffer.concat([header, tag, text])
}

test('tells sRGB from what is not', async () => {
  expect(isSrgb(await profile('srgb'))).toBe(true)
  expect(isSrgb(await profile('p3'))).toBe(false)
  expect(isSrgb(await profile('cmyk'))).toBe(false)
  expect(isSrgb(v4('sRGB IEC61966-2.1'))).toBe(true)
  expect(describeProfile(v4('Display P3'))).toBe('Display P3')
})

test('reads no further than the bytes go', async () => {
  const whole = v4('sRGB')
  for (let length = 0; length < whole.length; length++)
    expect(describeProfile(whole.subarray(0, length)).length).toBeLessThan(5)
  const lying = Buffer.from(whole)
  lying.writeUInt32BE(0xffffffff, 136)
  expect(describeProfile(lying)).toBe('')
  lying.writeUInt32BE(0xffffffff, 128)
  expect(isSrgb(lying)).toBe(false)
})
