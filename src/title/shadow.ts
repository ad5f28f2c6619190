// A soft shadow under painted letters: their blurred copy, a quarter of their size, is scaled up and laid beneath. Pure.

/** Coverage, 0 to 255 a pixel. */
export interface Mask {
  alpha: Uint8Array
  width: number
  height: number
}

export interface Shadow {
  mask: Mask
  /** How many times smaller the mask is than the picture. */
  shrink: number
  /** Pixels that it falls below the letters. */
  drop: number
  /** Red, green, blue: 0 to 255. */
  colour: readonly [number, number, number]
  /** 0 to 1. */
  strength: number
}

/** Puts the shadow behind RGBA pixels with premultiplied alpha, in place. Scaling up in Skia takes ten times as long as here. */
export function castShadow(pixels: Uint8Array, width: number, height: number, shadow: Shadow): void {
  const { mask, shrink, drop, colour, strength } = shadow
  const columns = steps(width, mask.width, shrink, 0)
  const rows = steps(height, mask.height, shrink, drop)
  const line = new Float32Array(mask.width)
  for (let y = 0; y < height; y++) {
    if (!mixRows(line, mask, rows, y)) continue
    for (let x = 0, at = 4 * y * width; x < width; x++, at += 4) {
      const ink = pixels[at + 3]!
      if (ink === 255) continue
      const left = columns.index[x]!
      const share = columns.share[x]!
      const cover = line[left]! + (line[Math.min(left + 1, mask.width - 1)]! - line[left]!) * share
      const under = cover * strength * (1 - ink / 255)
      if (under < 0.5) continue
      for (let channel = 0; channel < 3; channel++)
        pixels[at + channel] = Math.min(255, pixels[at + channel]! + Math.round((colour[channel]! * under) / 255))
      pixels[at + 3] = Math.min(255, ink + Math.round(under))
    }
  }
}

/** For each pixel: the mask's pixel before it, and how far it lies towards the next one. */
function steps(length: number, maskLength: number, shrink: number, shift: number) {
  const index = new Int32Array(length)
  const share = new Float32Array(length)
  for (let pixel = 0; pixel < length; pixel++) {
    const place = Math.min(Math.max((pixel - shift + 0.5) / shrink - 0.5, 0), maskLength - 1)
    index[pixel] = Math.floor(place)
    share[pixel] = place - Math.floor(place)
  }
  return { index, share }
}

/** One row of the mask, between two of its own; false where it is empty. */
function mixRows(
  line: Float32Array,
  { alpha, width, height }: Mask,
  rows: ReturnType<typeof steps>,
  y: number,
): boolean {
  const above = rows.index[y]! * width
  const below = Math.min(rows.index[y]! + 1, height - 1) * width
  const share = rows.share[y]!
  let any = 0
  for (let x = 0; x < width; x++) {
    const value = alpha[above + x]! * (1 - share) + alpha[below + x]! * share
    line[x] = value
    any += value
  }
  return any > 0
}
