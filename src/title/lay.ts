// A patch laid over a picture, pixel by pixel (Porter and Duff, "over"). Pure.
import type { Picture } from './analysis.ts'
import { by255 } from './colour.ts'
import type { Patch } from './dress.ts'

/** Changes the picture's own pixels. Four channels are straight alpha here. No colour of a patch is more than its alpha. */
export function lay({ data, width, channels }: Picture, { pixels, ...patch }: Patch): void {
  for (let row = 0, from = 0; row < patch.height; row++) {
    let to = channels * ((patch.y + row) * width + patch.x)
    for (const end = from + 4 * patch.width; from < end; from += 4, to += channels) {
      const alpha = pixels[from + 3]!
      if (alpha === 0) continue
      if (channels === 4 && data[to + 3] !== 255) {
        layClear(data, to, pixels, from)
        continue
      }
      const rest = 255 - alpha
      data[to] = pixels[from]! + by255(data[to]! * rest)
      data[to + 1] = pixels[from + 1]! + by255(data[to + 1]! * rest)
      data[to + 2] = pixels[from + 2]! + by255(data[to + 2]! * rest)
    }
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
