// A patch laid over a picture, pixel by pixel (Porter and Duff, "over"). Pure.
import type { Picture } from './analysis.ts'
import type { Patch } from './dress.ts'

/** Changes the picture's own pixels. Four channels are straight alpha here. */
export function lay({ data, width, channels }: Picture, patch: Patch): void {
  for (let row = 0; row < patch.height; row++) {
    const from = 4 * row * patch.width
    const ink = patch.pixels.subarray(from, from + 4 * patch.width)
    layRow(data, channels * ((patch.y + row) * width + patch.x), channels, ink)
  }
}

/** `start`: where the first pixel of this row of the patch goes. */
function layRow(data: Uint8Array, start: number, channels: 3 | 4, ink: Uint8Array): void {
  for (let from = 0, to = start; from < ink.length; from += 4, to += channels) {
    const alpha = ink[from + 3]!
    if (alpha === 0) continue
    if (channels === 4 && data[to + 3] !== 255) {
      layClear(data, to, ink, from)
      continue
    }
    const rest = (255 - alpha) / 255
    data[to] = Math.min(255, ink[from]! + data[to]! * rest + 0.5)
    data[to + 1] = Math.min(255, ink[from + 1]! + data[to + 1]! * rest + 0.5)
    data[to + 2] = Math.min(255, ink[from + 2]! + data[to + 2]! * rest + 0.5)
  }
}

/** Over a pixel that is not opaque: its colours are weighed by its alpha. */
function layClear(data: Uint8Array, to: number, ink: Uint8Array, from: number): void {
  const alpha = ink[from + 3]!
  const under = data[to + 3]! * (1 - alpha / 255)
  const total = alpha + under
  for (let channel = 0; channel < 3; channel++)
    data[to + channel] = Math.min(255, Math.round((ink[from + channel]! * 255 + data[to + channel]! * under) / total))
  data[to + 3] = Math.round(total)
}
