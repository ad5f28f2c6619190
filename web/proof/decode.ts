// A file of this person's disk as pixels, upright and in sRGB, no larger than it needs to be.
import type { Size } from '../../src/render/geometry.ts'
import type { Decoded } from './ground.ts'

/** Rejects where this browser cannot read the file. `wanted` tells the size that the picture will be scaled to. */
export async function decode(file: Blob, wanted: (size: Size) => Size): Promise<Decoded> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
  const size = { width: bitmap.width, height: bitmap.height }
  const target = wanted(size)
  let { width, height } = size
  let canvas: OffscreenCanvas | undefined
  // The mean of four pixels is a poor filter: it is for what the better one then makes much smaller still.
  while (width >= 4 * target.width && height >= 4 * target.height) {
    const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) }
    canvas = draw(canvas ?? bitmap, { width, height }, half)
    width = half.width
    height = half.height
  }
  canvas ??= draw(bitmap, size, size)
  bitmap.close()
  const { data } = context(canvas).getImageData(0, 0, width, height)
  return { size, pixels: { width, height, data: data as Uint8ClampedArray<ArrayBuffer> } }
}

function draw(picture: CanvasImageSource, from: Size, to: Size): OffscreenCanvas {
  const canvas = new OffscreenCanvas(to.width, to.height)
  const painter = context(canvas)
  // Bilinear: at half the size that is the mean of four pixels.
  painter.imageSmoothingQuality = 'low'
  painter.drawImage(picture, 0, 0, from.width, from.height, 0, 0, to.width, to.height)
  return canvas
}

export function context(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const painter = canvas.getContext('2d', { willReadFrequently: true })
  if (!painter) throw new TypeError('There is no canvas to draw on.')
  return painter
}
