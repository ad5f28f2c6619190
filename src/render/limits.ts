// What is let in: bytes, sides, pixels, frames and estimated memory. Pure.
import { ThumbsmithError } from '../errors.ts'
import type { Probe } from './probe.ts'

export interface Limits {
  maxBytes: number
  /** Longest side in pixels. A 95-byte PNG of 16,776,964 x 4 takes 6 GB, so pixels alone are no limit. */
  maxSide: number
  /** The same for a baseline JPEG, which is decoded row by row and smaller on the way. */
  maxSideOfBaselineJpeg: number
  maxPixels: number
  /** Only where a preset keeps the animation. */
  maxFrames: number
  /** Of the whole process, estimated before the decode. */
  maxMemoryBytes: number
}

const MB = 1_000_000

export const DEFAULT_LIMITS: Limits = {
  maxBytes: 50 * MB,
  maxSide: 16_384,
  maxSideOfBaselineJpeg: 65_500,
  maxPixels: 268_402_689,
  maxFrames: 500,
  maxMemoryBytes: 1_200 * MB,
}

/** Throws `image.too_many_bytes`; can be asked before anything is read. */
export function admitBytes(bytes: number, limits: Limits): void {
  if (bytes <= limits.maxBytes) return
  throw new ThumbsmithError(
    'image.too_many_bytes',
    `The file has ${megabytes(bytes)}; at most ${megabytes(limits.maxBytes)} are accepted.`,
  )
}

/** Throws an `image.*` code where the original may not be decoded under these limits. */
export function admit(original: Probe, plan: { frames: number; estimatedMemory: number }, limits: Limits): void {
  const { width, height } = original
  const maxSide = original.format === 'jpeg' && !original.progressive ? limits.maxSideOfBaselineJpeg : limits.maxSide
  if (Math.max(width, height) > maxSide)
    throw new ThumbsmithError(
      'image.too_many_pixels',
      `The picture is ${width} x ${height} pixels; no side may be longer than ${maxSide}.`,
    )
  if (width * height > limits.maxPixels)
    throw new ThumbsmithError(
      'image.too_many_pixels',
      `The picture has ${megapixels(width * height)}; at most ${megapixels(limits.maxPixels)} are accepted.`,
    )
  if (plan.frames > limits.maxFrames)
    throw new ThumbsmithError(
      'image.too_many_frames',
      `The animation has ${plan.frames} frames; at most ${limits.maxFrames} are accepted.`,
    )
  if (plan.estimatedMemory > limits.maxMemoryBytes)
    throw new ThumbsmithError(
      'image.needs_too_much_memory',
      `The picture (${megapixels(width * height)}) would need about ${megabytes(plan.estimatedMemory)} of memory to open; at most ${megabytes(limits.maxMemoryBytes)} are given. Save it smaller, or as a baseline JPEG.`,
    )
}

const megabytes = (bytes: number) => `${(bytes / MB).toFixed(bytes < 10 * MB ? 1 : 0)} MB`
const megapixels = (pixels: number) => `${(pixels / 1e6).toFixed(0)} megapixels`
