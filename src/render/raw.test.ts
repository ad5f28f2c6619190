// Raw pixels: their memory is given back at once where it is theirs alone.
import { expect, test } from 'vitest'
import { type Raw, release } from './raw.ts'

const picture = (data: Buffer): Raw => ({ data, width: 2, height: 2, channels: 3 })

test('gives the memory back, once', () => {
  const { data } = picture(Buffer.alloc(12, 7))
  release({ data })
  release({ data })
  // Node 20 leaves it to V8.
  expect(data.length).toBe('transfer' in ArrayBuffer.prototype ? 0 : 12)
})

test('leaves memory that others look into', () => {
  const frames = Buffer.alloc(24, 7)
  release(picture(frames.subarray(0, 12)))
  const pooled = Buffer.from('small buffers share one memory')
  release({ data: pooled })
  expect([frames.length, pooled.toString()]).toEqual([24, 'small buffers share one memory'])
})
