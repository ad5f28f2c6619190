// What stands where the picture does not: a colour, a blurred copy, or nothing.
import type { Preset } from '../preset.ts'
import type { Layout, Size } from './geometry.ts'
import { cutFor, layOut } from './geometry.ts'
import { cutRaw, type Raw, resizeRaw, sharpOf, toRaw, withAlpha } from './raw.ts'

type Background = Preset['background']

/** The colour behind transparency in a format that has none, as `#rgb` or `#rrggbb`. */
export function colourBehind(background: Background): string {
  return background.startsWith('#') ? background : '#ffffff'
}

/** Puts a picture on its canvas; `whole` is the whole picture, from which a blurred copy is made. */
export async function pad(picture: Raw, layout: Layout, background: Background, whole: Raw): Promise<Raw> {
  const { canvas, at } = layout
  if (picture.width === canvas.width && picture.height === canvas.height) return picture
  if (background === 'blur') return paste(await blurredCopy(whole, canvas), picture, at)
  const channels = background === 'transparent' || picture.channels === 4 ? 4 : 3
  const base = { ...canvas, channels, data: solid(canvas, channels, background) } satisfies Raw
  return paste(base, channels === 4 ? withAlpha(picture) : picture, at)
}

function solid(canvas: Size, channels: 3 | 4, background: Exclude<Background, 'blur'>): Buffer {
  const pixel = background === 'transparent' ? [0, 0, 0, 0] : [...rgbOf(background), 255].slice(0, channels)
  return Buffer.alloc(canvas.width * canvas.height * channels, Buffer.from(pixel))
}

/** The channels of `#rgb` or `#rrggbb`. */
function rgbOf(colour: string): number[] {
  const hex = colour.length === 4 ? colour.replace(/[0-9a-f]/gi, '$&$&') : colour
  return [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16))
}

/** Blurring happens at an eighth of the size, where it is cheap and the result the same to the eye. */
const BLUR_SHRINK = 8
const BLUR_SIGMA = 5
const BLUR_DIM = 0.7

async function blurredCopy(picture: Raw, canvas: Size): Promise<Raw> {
  const size = { width: Math.ceil(canvas.width / BLUR_SHRINK), height: Math.ceil(canvas.height / BLUR_SHRINK) }
  const layout = layOut(picture, { ...COVER, ...size })
  const small = await cutRaw(picture, cutFor(picture, layout))
  const blurred = await toRaw(sharpOf(small).flatten({ background: '#000' }).blur(BLUR_SIGMA).linear(BLUR_DIM, 0))
  return resizeRaw(blurred, canvas)
}

const COVER: Preset = {
  fit: 'cover',
  enlarge: true,
  background: '#000',
  position: 'center',
  format: 'png',
  profile: 'srgb',
  title: false,
  animation: false,
}

/** Lays `picture` over `base`, whose pixels are changed; a transparent picture is blended, unless the base is transparent too. */
function paste(base: Raw, picture: Raw, at: { left: number; top: number }): Raw {
  for (let row = 0; row < picture.height; row++) {
    const from = row * picture.width * picture.channels
    const to = ((at.top + row) * base.width + at.left) * base.channels
    if (picture.channels === base.channels)
      picture.data.copy(base.data, to, from, from + picture.width * picture.channels)
    else blendRow(base.data, to, picture.data, from, picture.width)
  }
  return base
}

/** Four channels over three. */
function blendRow(base: Buffer, to: number, picture: Buffer, from: number, pixels: number): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    const alpha = picture[from + 4 * pixel + 3]! / 255
    for (let channel = 0; channel < 3; channel++) {
      const target = to + 3 * pixel + channel
      base[target] = Math.round(picture[from + 4 * pixel + channel]! * alpha + base[target]! * (1 - alpha))
    }
  }
}
