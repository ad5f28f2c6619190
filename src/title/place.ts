// Where a title stands and how large it is: every way to break it x sizes x nine anchors, each with a cost that explains itself. Pure.
import type { TitleStyle } from '../preset.ts'
import { POSITIONS, type Position } from '../preset-words.ts'
import { type Area, look, type PictureMaps } from './analysis.ts'
import type { Shape } from './typeset.ts'

export interface Placement {
  position: Position
  align: 'left' | 'center' | 'right'
  shape: Shape
  /** Letter size in pixels. */
  size: number
  /** What spoke against it, part by part; the placement with the smallest sum was taken. */
  cost: Record<string, number>
  /** Mean saliency under the text, 0 to 1. */
  saliency: number
}

export interface PlaceRequest {
  /** Of the picture, in pixels. */
  width: number
  height: number
  shapes: Shape[]
  style: TitleStyle
  rightToLeft: boolean
  /** Where the eye should rest, as fractions of the picture. */
  focus?: { x: number; y: number } | undefined
}

/** Free space around the title, as a share of the picture's width. */
const MARGIN = 0.045
/** Letters do not become smaller than these shares of the picture's height: with any choice, and before the text is cut. */
const SMALL = 0.062
export const SMALLEST = 0.04
/** Below this, in pixels, letters are no longer read. */
export const SMALLEST_SIZE = 9
/** A block may fill these shares of width and height: a compact one, a wide one, a strip. */
const ROOMS = [
  [0.5, 0.62],
  [0.64, 0.42],
  [0.91, 0.3],
] as const
/** The last resort before the text is cut. */
const LARGEST_ROOM = [0.91, 0.6] as const
/** Where YouTube writes the duration. */
const BADGE: Area = { x: 0.86, y: 0.86, width: 0.14, height: 0.14 }
/** Habit: titles are looked for at the lower left; for right-to-left scripts mirrored. */
const HABIT: Record<Position, number> = {
  'bottom-left': 0,
  left: 0.08,
  'top-left': 0.1,
  bottom: 0.12,
  top: 0.16,
  right: 0.14,
  'top-right': 0.16,
  center: 0.3,
  'bottom-right': 0.22,
}
/** Around the focus, half its width and height. */
const FOCUS_REACH = [0.14, 0.19] as const

/** Letter sizes follow the height of a 16:9 picture of the same area. */
export const letterUnit = ({ width, height }: { width: number; height: number }) => Math.sqrt(width * height * 0.5625)
export const marginOf = ({ width, height }: { width: number; height: number }) =>
  Math.round(MARGIN * Math.min(width, 1.78 * height))

/** The best place; `undefined` where no shape fits even at the smallest size. */
export function place(maps: PictureMaps, request: PlaceRequest): Placement | undefined {
  const { style } = request
  const positions = style.position === 'auto' ? POSITIONS : [style.position]
  let best: { placement: Placement; sum: number } | undefined
  for (const { shape, size } of sizesOf(request))
    for (const position of positions) {
      const placement = judge(maps, request, shape, size, position)
      const sum = Object.values(placement.cost).reduce((total, part) => total + part, 0)
      if (!best || sum < best.sum) best = { placement, sum }
    }
  return best?.placement
}

function sizesOf({ shapes, style, ...picture }: PlaceRequest): { shape: Shape; size: number }[] {
  const unit = letterUnit(picture)
  const largest = style.maxSize * unit
  const margin = marginOf(picture)
  const fit = (shape: Shape, [across, down]: readonly [number, number]) =>
    Math.floor(
      1e-6 +
        Math.min(
          largest,
          Math.min(across * picture.width, picture.width - 2 * margin) / shape.width,
          Math.min(down * picture.height, picture.height - margin) / shape.height,
        ),
    )
  const found = shapes.flatMap((shape) => {
    const sizes = new Set(ROOMS.map((room) => fit(shape, room)))
    return [...sizes].filter((size) => size >= Math.max(SMALLEST_SIZE, SMALL * unit)).map((size) => ({ shape, size }))
  })
  if (found.length > 0) return found
  return shapes
    .map((shape) => ({ shape, size: fit(shape, LARGEST_ROOM) }))
    .filter(({ size, shape }) => size >= smallestSize(picture) || (shape.truncated && size >= SMALLEST_SIZE))
    .sort((one, other) => other.size - one.size)
    .slice(0, 1)
}

export const smallestSize = (picture: { width: number; height: number }) =>
  Math.ceil(Math.max(SMALLEST_SIZE, SMALLEST * letterUnit(picture)))

/** The room for a text that is cut, in letter sizes. */
export function cutRoom(picture: { width: number; height: number }): { width: number; height: number } {
  const size = smallestSize(picture)
  return {
    width: Math.min(LARGEST_ROOM[0] * picture.width, picture.width - 2 * marginOf(picture)) / size,
    height: Math.min(LARGEST_ROOM[1] * picture.height, picture.height - marginOf(picture)) / size,
  }
}

/** A block's edge along one axis, in pixels. */
export function edgeOf(space: number, extent: number, margin: number, side: 'start' | 'middle' | 'end'): number {
  const free = Math.max(0, space - extent)
  if (side === 'middle') return free / 2
  const inset = Math.min(margin, free / 2)
  return side === 'start' ? inset : free - inset
}

export const sideAcross = (position: Position) =>
  position.includes('left') ? 'start' : position.includes('right') ? 'end' : 'middle'
export const sideDown = (position: Position) =>
  position.includes('top') ? 'start' : position.includes('bottom') ? 'end' : 'middle'

function judge(maps: PictureMaps, request: PlaceRequest, shape: Shape, size: number, position: Position): Placement {
  const { width, height, style, focus } = request
  const margin = marginOf(request)
  const block = { width: shape.width * size, height: shape.height * size }
  const air = 0.15 * size
  const area: Area = {
    x: (edgeOf(width, block.width, margin, sideAcross(position)) - air) / width,
    y: (edgeOf(height, block.height, margin, sideDown(position)) - air) / height,
    width: (block.width + 2 * air) / width,
    height: (block.height + 2 * air) / height,
  }
  const facts = look(maps, area)
  const cost: Record<string, number> = {
    saliency: 1.1 * facts.saliency,
    subject: 1.2 * facts.saliencyShare,
    edges: Math.min(1.2, 9 * facts.edges),
    unrest: 1.1 * facts.unrest,
    badge: style.badge ? 2.5 * overlap(area, BADGE) : 0,
    avoid: style.avoid.reduce((sum, zone) => sum + 4 * overlap(area, zone), 0),
    focus: focus ? 3 * overlap(area, around(focus)) : 0,
    habit: HABIT[request.rightToLeft ? mirrored(position) : position],
    size: 0.9 * Math.log2((style.maxSize * letterUnit(request)) / size),
    lines: shape.lines > 3 ? 0.1 : 0,
    ragged: 0.9 * (1 - shape.fill),
  }
  return { position, align: alignOf(position, request.rightToLeft), shape, size, cost, saliency: facts.saliency }
}

function alignOf(position: Position, rightToLeft: boolean): Placement['align'] {
  const side = sideAcross(position)
  if (side === 'middle') return 'center'
  return rightToLeft || side === 'end' ? 'right' : 'left'
}

const around = ({ x, y }: { x: number; y: number }): Area => ({
  x: x - FOCUS_REACH[0],
  y: y - FOCUS_REACH[1],
  width: 2 * FOCUS_REACH[0],
  height: 2 * FOCUS_REACH[1],
})

/** How much of `zone` lies under `area`, 0 to 1. */
function overlap(area: Area, zone: Area): number {
  const across = Math.min(area.x + area.width, zone.x + zone.width) - Math.max(area.x, zone.x)
  const down = Math.min(area.y + area.height, zone.y + zone.height) - Math.max(area.y, zone.y)
  return across <= 0 || down <= 0 ? 0 : (across * down) / (zone.width * zone.height)
}

function mirrored(position: Position): Position {
  if (position.includes('left')) return position.replace('left', 'right') as Position
  return position.replace('right', 'left') as Position
}
