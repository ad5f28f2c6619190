// The watermark: a picture of the owner's own, laid over every frame before the title.
import sharp from 'sharp'
import type { Watermark } from '../preset.ts'
import type { Patch } from '../title/dress.ts'
import { place, type Size } from './geometry.ts'
import { type Raw, toRaw, withAlpha } from './raw.ts'
import { blend } from './title.ts'

/** Off the edges, as a share of the shorter side. */
const MARGIN = 0.03
const PIXELS_MAX = 4096 * 4096

export interface Watermarked {
  frames: Raw[]
  /** Where it stands, as fractions of the picture: the title goes elsewhere. */
  area: Size & { x: number; y: number }
}

/** Lays it over copies of the frames. Throws libvips' own error where its bytes are no picture. */
export async function layWatermark(frames: Raw[], watermark: Watermark): Promise<Watermarked> {
  const canvas = frames[0]!
  const margin = Math.round(MARGIN * Math.min(canvas.width, canvas.height))
  const inner = { width: Math.max(1, canvas.width - 2 * margin), height: Math.max(1, canvas.height - 2 * margin) }
  const mark = await markOf(watermark, inner)
  const { left, top } = place(inner, mark, watermark.position)
  const patch: Patch = { ...mark, x: left + margin, y: top + margin }
  return {
    frames: frames.map((frame) => blend(frame, patch)),
    area: {
      x: patch.x / canvas.width,
      y: patch.y / canvas.height,
      width: patch.width / canvas.width,
      height: patch.height / canvas.height,
    },
  }
}

/** Its pixels at the size that it gets, multiplied by their alpha. */
async function markOf({ image, size, opacity }: Watermark, inner: Size): Promise<Omit<Patch, 'x' | 'y'>> {
  const bytes = Buffer.from(image.slice(image.indexOf(',') + 1), 'base64')
  const box = { width: Math.ceil(size * inner.width), height: Math.ceil(size * inner.height) }
  const { data, width, height } = withAlpha(
    await toRaw(
      sharp(bytes, { limitInputPixels: PIXELS_MAX, failOn: 'error' })
        .resize({ ...box, fit: 'inside', withoutEnlargement: true })
        .toColourspace('srgb'),
    ),
  )
  const pixels = new Uint8Array(data.length)
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3]! * opacity
    for (let channel = 0; channel < 3; channel++) pixels[at + channel] = Math.round((data[at + channel]! * alpha) / 255)
    pixels[at + 3] = Math.round(alpha)
  }
  return { pixels, width, height }
}
