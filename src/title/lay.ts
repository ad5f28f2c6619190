// A patch laid over a picture, pixel by pixel (Porter and Duff, "over"). Pure.
import type { Picture } from './analysis.ts'
import type { Patch } from './dress.ts'

/** Changes the picture's own pixels. Four channels are straight alpha here. */
export function lay({ data, width, channels }: Picture, patch: Patch): void {
  const over = channels === 3 ? overOpaque : overStraight
  for (let row = 0; row < patch.height; row++) {
    const from = 4 * row * patch.width
    over(data, channels * ((patch.y + row) * width + patch.x), patch.pixels.subarray(from, from + 4 * patch.width))
  }
}

/** Of one row of the patch, and where its first pixel goes. */
function overOpaque(data: Uint8Array, start: number, ink: Uint8Array): void {
  for (let from = 0, to = start; from < ink.length; from += 4, to += 3) {
    const alpha = ink[from + 3]!
    if (alpha === 0) continue
    const rest = (255 - alpha) / 255
    data[to] = Math.min(255, ink[from]! + data[to]! * rest + 0.5)
    data[to + 1] = Math.min(255, ink[from + 1]! + data[to + 1]! * rest + 0.5)
    data[to + 2] = Math.min(255, ink[from + 2]! + data[to + 2]! * rest + 0.5)
  }
}

/** The picture's own alpha is straight, so its colours are weighed by it. */
function overStraight(data: Uint8Array, start: number, ink: Uint8Array): void {
  for (let from = 0, to = start; from < ink.length; from += 4, to += 4) {
    const alpha = ink[from + 3]!
    if (alpha === 0) continue
    const under = data[to + 3]! * (1 - alpha / 255)
    const total = alpha + under
    for (let channel = 0; channel < 3; channel++)
      data[to + channel] = Math.min(255, Math.round((ink[from + channel]! * 255 + data[to + channel]! * under) / total))
    data[to + 3] = Math.round(total)
  }
}
