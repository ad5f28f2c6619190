// Colours as eyes and WCAG see them: relative luminance, contrast ratio, OKLab. Pure.

/** Red, green, blue: 0 to 255. */
export type Rgb = readonly [number, number, number]

/** The product of two channel values as one, rounded: without a division, as pixels are many. */
export function by255(product: number): number {
  const shifted = product + 128
  return (shifted + (shifted >> 8)) >> 8
}

/** sRGB's transfer curve, for each of the 256 values of a channel. */
export const LINEAR = Float64Array.from({ length: 256 }, (_, value) => {
  const channel = value / 255
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
})

/** WCAG 2 relative luminance, 0 to 1, of whole channel values. */
export function luminance(red: number, green: number, blue: number): number {
  return 0.2126 * LINEAR[red]! + 0.7152 * LINEAR[green]! + 0.0722 * LINEAR[blue]!
}

/** WCAG 2 contrast ratio of two luminances, 1 to 21. */
export function contrast(a: number, b: number): number {
  return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05)
}

/** Lightness, and the two axes of colour: https://bottosson.github.io/posts/oklab/ (An array would be taken apart step by step in code that is not compiled yet.) */
export function oklab(red: number, green: number, blue: number): { lightness: number; a: number; b: number } {
  const r = LINEAR[red]!
  const g = LINEAR[green]!
  const b = LINEAR[blue]!
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return {
    lightness: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    a: 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    b: 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  }
}

const encode = (linear: number) => (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055)

/** The sRGB colour of this lightness, chroma and hue (radians); chroma gives way until it can be shown. */
export function fromOklch(lightness: number, chroma: number, hue: number): Rgb {
  for (let strength = chroma; ; strength -= 0.01) {
    const linear = linearOf(lightness, Math.max(0, strength) * Math.cos(hue), Math.max(0, strength) * Math.sin(hue))
    if (strength > 0 && linear.some((channel) => channel < -0.0005 || channel > 1.0005)) continue
    const [red = 0, green = 0, blue = 0] = linear.map((channel) =>
      Math.round(255 * encode(Math.min(1, Math.max(0, channel)))),
    )
    return [red, green, blue]
  }
}

function linearOf(lightness: number, a: number, b: number): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
}

/** `#rgb` or `#rrggbb`. */
export function parseHex(text: string): Rgb {
  const digits = text.length === 4 ? [...text.slice(1)].map((digit) => digit + digit).join('') : text.slice(1)
  const value = Number.parseInt(digits, 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

export function toHex([red, green, blue]: Rgb): string {
  return `#${((red << 16) | (green << 8) | blue).toString(16).padStart(6, '0')}`
}
