// Pictures as raw pixels: sRGB, 8 bits a channel, three channels or four (straight alpha). Every step after the decode works on them.
import sharp, { type Sharp } from 'sharp'
import type { Cut, Size } from './geometry.ts'

export interface Raw extends Size {
  data: Buffer
  channels: 3 | 4
}

/** The sharp pipeline that reads these pixels. */
export function sharpOf({ data, width, height, channels }: Raw): Sharp {
  return sharp(data, { raw: { width, height, channels } })
}

/** Runs a pipeline and takes its pixels; throws where it gives anything but three or four channels. */
export async function toRaw(pipeline: Sharp): Promise<Raw> {
  const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  if (channels !== 3 && channels !== 4) throw new Error(`${channels} channels where 3 or 4 were expected`)
  return { data, width, height, channels }
}

/**
 * Gives the memory of its pixels back at once, for V8 would collect it some pictures later: nothing may read them any more.
 * What is only a part of a larger memory stays, and Node 20 leaves all of it to V8.
 */
export function release({ data }: Pick<Raw, 'data'>): void {
  const memory: ArrayBufferLike & { transfer?: (bytes: number) => unknown } = data.buffer
  if (data.byteLength > 0 && data.byteLength === memory.byteLength) memory.transfer?.(0)
}

/** Scales to exactly this size; the same picture where it has that size already. */
export async function resizeRaw(picture: Raw, size: Size): Promise<Raw> {
  if (picture.width === size.width && picture.height === size.height) return picture
  return toRaw(sharpOf(picture).resize({ ...size, fit: 'fill' }))
}

/** Cuts, scales and trims in one pipeline. */
export async function cutRaw(picture: Raw, { before, size, after }: Cut): Promise<Raw> {
  const untouched = before.width === size.width && before.height === size.height
  if (untouched && after.width === picture.width && after.height === picture.height) return picture
  return toRaw(
    sharpOf(picture)
      .extract(before)
      .resize({ ...size, fit: 'fill' })
      .extract(after),
  )
}

/** The same picture with four channels. */
export function withAlpha(picture: Raw): Raw {
  if (picture.channels === 4) return picture
  const pixels = picture.width * picture.height
  const data = Buffer.allocUnsafe(pixels * 4)
  for (let pixel = 0; pixel < pixels; pixel++) {
    data[pixel * 4] = picture.data[pixel * 3]!
    data[pixel * 4 + 1] = picture.data[pixel * 3 + 1]!
    data[pixel * 4 + 2] = picture.data[pixel * 3 + 2]!
    data[pixel * 4 + 3] = 255
  }
  return { ...picture, data, channels: 4 }
}
