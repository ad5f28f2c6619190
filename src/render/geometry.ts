// Where everything goes: pure rectangles for each fit. Nothing here knows pixels' contents.
import type { Focus } from '../original.ts'
import type { Preset } from '../preset.ts'
import type { Position } from '../preset-words.ts'

export interface Size {
  width: number
  height: number
}

export interface Rect extends Size {
  left: number
  top: number
}

/** How one rendition is laid out, in whole pixels. */
export interface Layout {
  /** The rendition's own size. */
  canvas: Size
  /** The size that the whole picture is scaled to. */
  scaled: Size
  /** The part of the scaled picture that is kept. */
  crop: Rect
  /** Where that part's top left corner stands on the canvas. */
  at: { left: number; top: number }
}

/**
 * Lays a picture out for a preset; `focus` is where `cover` should keep the picture's middle. Without `enlarge` nothing is scaled up: `cover` and `fill` then give a smaller canvas
 * of the aspect that was asked for, `contain` pads to the full one.
 */
export function layOut(picture: Size, preset: Preset, focus?: Focus): Layout {
  const asked = askedSize(preset)
  switch (preset.fit) {
    case 'inside': {
      const scaled = scaleInside(picture, asked, preset.enlarge)
      return whole(scaled, scaled, { left: 0, top: 0 })
    }
    case 'contain': {
      const scaled = scaleInside(picture, asked, preset.enlarge)
      return whole(asked, scaled, place(asked, scaled, preset.position))
    }
    case 'fill': {
      const canvas = preset.enlarge ? asked : scaleInside(asked, picture, false)
      return whole(canvas, canvas, { left: 0, top: 0 })
    }
    case 'cover': {
      const canvas = preset.enlarge ? asked : scaleInside(asked, picture, false)
      const scaled = scaleOutside(picture, canvas)
      return { canvas, scaled, crop: cropOf(canvas, scaled, preset.position, focus), at: { left: 0, top: 0 } }
    }
  }
}

const whole = (canvas: Size, scaled: Size, at: { left: number; top: number }): Layout => ({
  canvas,
  scaled,
  crop: { left: 0, top: 0, ...scaled },
  at,
})

/** The box asked for; a side that the preset leaves open (`inside` only) is no limit, and follows from the other. */
function askedSize({ width = Number.POSITIVE_INFINITY, height = Number.POSITIVE_INFINITY }: Preset): Size {
  return { width, height }
}

function scaleBy(size: Size, factor: number): Size {
  return { width: Math.max(1, Math.round(size.width * factor)), height: Math.max(1, Math.round(size.height * factor)) }
}

function scaleInside(size: Size, box: Size, enlarge: boolean): Size {
  const factor = Math.min(box.width / size.width, box.height / size.height)
  const scaled = scaleBy(size, enlarge ? factor : Math.min(factor, 1))
  return {
    width: Math.min(scaled.width, Math.max(box.width, 1)),
    height: Math.min(scaled.height, Math.max(box.height, 1)),
  }
}

function scaleOutside(size: Size, box: Size): Size {
  const scaled = scaleBy(size, Math.max(box.width / size.width, box.height / size.height))
  return { width: Math.max(scaled.width, box.width), height: Math.max(scaled.height, box.height) }
}

function cropOf(canvas: Size, scaled: Size, position: Preset['position'], focus: Focus | undefined): Rect {
  if (focus) {
    const left = clamp(Math.round(focus.x * scaled.width - canvas.width / 2), 0, scaled.width - canvas.width)
    const top = clamp(Math.round(focus.y * scaled.height - canvas.height / 2), 0, scaled.height - canvas.height)
    return { left, top, ...canvas }
  }
  return { ...place(scaled, canvas, position), ...canvas }
}

/** What to take from a picture of another size, and how, to get `crop` of the picture at `scaled` size: cut, scale, trim. */
export interface Cut {
  before: Rect
  size: Size
  after: Rect
}

/** Cuts roughly before scaling, so that a sliver of a very long picture is never scaled whole. */
export function cutFor(picture: Size, { scaled, crop }: Pick<Layout, 'scaled' | 'crop'>): Cut {
  const across = cutSpan(picture.width, scaled.width, crop.left, crop.width)
  const down = cutSpan(picture.height, scaled.height, crop.top, crop.height)
  return {
    before: { left: across.from, top: down.from, width: across.length, height: down.length },
    size: { width: across.scaled, height: down.scaled },
    after: { left: across.skip, top: down.skip, width: crop.width, height: crop.height },
  }
}

function cutSpan(side: number, scaledSide: number, start: number, length: number) {
  const factor = scaledSide / side
  const from = Math.min(Math.floor(start / factor), side - 1)
  const to = clamp(Math.ceil((start + length) / factor), from + 1, side)
  const scaled = Math.max(length, Math.round((to - from) * factor))
  return { from, length: to - from, scaled, skip: clamp(Math.round(start - from * factor), 0, scaled - length) }
}

/** The top left corner of `inner` at this position of `outer`. */
export function place(outer: Size, inner: Size, position: Position | 'attention'): { left: number; top: number } {
  const across = position.includes('left') ? 0 : position.includes('right') ? 1 : 0.5
  const down = position.includes('top') ? 0 : position.includes('bottom') ? 1 : 0.5
  return {
    left: Math.round((outer.width - inner.width) * across),
    top: Math.round((outer.height - inner.height) * down),
  }
}

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most)

/** A point of the original, as fractions of it, as fractions of the rendition; `undefined` where it was cut away. */
export function focusOn({ canvas, scaled, crop, at }: Layout, focus: Focus | undefined): Focus | undefined {
  if (!focus) return undefined
  const x = (focus.x * scaled.width - crop.left + at.left) / canvas.width
  const y = (focus.y * scaled.height - crop.top + at.top) / canvas.height
  return x < 0 || x > 1 || y < 0 || y > 1 ? undefined : { x, y }
}

/** The other way round: a point of the rendition as fractions of the original, its nearest where it lies beside it. */
export function pointUnder({ canvas, scaled, crop, at }: Layout, point: Focus): Focus {
  const x = (point.x * canvas.width - at.left + crop.left) / scaled.width
  const y = (point.y * canvas.height - at.top + crop.top) / scaled.height
  return { x: clamp(x, 0, 1), y: clamp(y, 0, 1) }
}
