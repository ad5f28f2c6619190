// What there is to see in a picture, on a map of some 128 x 72: where the eye goes, where edges are, how light it is, its colours. Pure.
import { oklab } from './colour.ts'
import { blurred, type Grid, integral, sumOver } from './grid.ts'
import { paletteOf, type Swatch } from './palette.ts'

/** Opaque pixels, three channels or four (the fourth is not looked at), row by row. */
export interface Picture {
  data: Uint8Array
  width: number
  height: number
  channels: 3 | 4
}

export interface PictureMaps {
  width: number
  height: number
  /** Sums over rectangles, see grid.ts: saliency 0 to 1, edge density, lightness and its square. */
  saliency: Grid
  edges: Grid
  lightness: Grid
  squares: Grid
  /** Most frequent first. */
  palette: Swatch[]
}

const LONG_SIDE = 128

/** Takes 4 to 7 ms of CPU for any size of picture. */
export function analyse(picture: Picture): PictureMaps {
  const cells = sample(picture)
  const { width, height, lightness, a, b, edge } = cells
  const saliency = saliencyOf(cells)
  return {
    width,
    height,
    saliency: integral(saliency, width, height),
    edges: integral(edge, width, height),
    lightness: integral(lightness, width, height),
    squares: integral(
      lightness.map((value) => value * value),
      width,
      height,
    ),
    palette: paletteOf(lightness, a, b),
  }
}

interface Cells {
  width: number
  height: number
  lightness: Float32Array
  a: Float32Array
  b: Float32Array
  /** Mean difference of neighbouring samples, 0 to 2. */
  edge: Float32Array
}

/** Three by three samples a cell: their mean colour, and how much they differ from one another. */
function sample({ data, width: fullWidth, height: fullHeight, channels }: Picture): Cells {
  const factor = Math.min(1, LONG_SIDE / Math.max(fullWidth, fullHeight))
  const width = Math.max(1, Math.round(fullWidth * factor))
  const height = Math.max(1, Math.round(fullHeight * factor))
  const make = () => new Float32Array(width * height)
  const cells = { width, height, lightness: make(), a: make(), b: make(), edge: make() }
  const columns = offsets(fullWidth, width).map((column) => column * channels)
  const rows = offsets(fullHeight, height).map((row) => row * fullWidth * channels)
  const light = new Float32Array(SAMPLES * SAMPLES)
  for (let y = 0, cell = 0; y < height; y++)
    for (let x = 0; x < width; x++, cell++) {
      let red = 0
      let green = 0
      let blue = 0
      for (let down = 0, index = 0; down < SAMPLES; down++) {
        const row = rows[SAMPLES * y + down]!
        for (let across = 0; across < SAMPLES; across++, index++) {
          const at = row + columns[SAMPLES * x + across]!
          const r = data[at]!
          const g = data[at + 1]!
          const b = data[at + 2]!
          red += r
          green += g
          blue += b
          light[index] = 0.299 * r + 0.587 * g + 0.114 * b
        }
      }
      const colour = oklab((red / light.length) | 0, (green / light.length) | 0, (blue / light.length) | 0)
      cells.lightness[cell] = colour.lightness
      cells.a[cell] = colour.a
      cells.b[cell] = colour.b
      cells.edge[cell] = roughness(light)
    }
  return cells
}

const SAMPLES = 3

function offsets(length: number, cells: number): Int32Array {
  return Int32Array.from({ length: cells * SAMPLES }, (_, index) =>
    Math.min(length - 1, Math.floor(((index + 0.5) * length) / (cells * SAMPLES))),
  )
}

/** Each sample with the one to its right and the one below it. */
function roughness(light: Float32Array): number {
  let sum = 0
  for (let row = 0; row < light.length; row += SAMPLES)
    for (let index = row; index < row + SAMPLES - 1; index++) sum += Math.abs(light[index]! - light[index + 1]!)
  for (let index = SAMPLES; index < light.length; index++) sum += Math.abs(light[index - SAMPLES]! - light[index]!)
  return sum / (2 * SAMPLES * (SAMPLES - 1) * 255)
}

/**
 * Difference of centre and surround in OKLab at three scales, and from the whole picture (Achanta 2009 and its family), with local detail
 * and a weak preference for the middle.
 */
function saliencyOf({ width, height, lightness, a, b, edge }: Cells): Float32Array {
  const soft = [lightness, a, b].map((axis) => blurred(axis, width, height, 1))
  const detail = blurred(edge, width, height, 3)
  const saliency = new Float32Array(width * height)
  const far = Math.max(width, height)
  for (const radius of [far >> 4, far >> 3, far >> 2])
    addDifference(
      saliency,
      1 / 3,
      soft,
      [lightness, a, b].map((axis) => blurred(axis, width, height, Math.max(1, radius))),
    )
  addDifference(saliency, 0.5, soft, soft.map(meanOf))
  for (let y = 0, cell = 0; y < height; y++)
    for (let x = 0; x < width; x++, cell++) {
      const dx = (x + 0.5) / width - 0.5
      const dy = (y + 0.5) / height - 0.5
      saliency[cell] = (saliency[cell]! + 1.2 * detail[cell]!) * (1 - 0.9 * (dx * dx + dy * dy))
    }
  return stretched(saliency)
}

function meanOf(values: Float32Array): Float32Array {
  let sum = 0
  for (let cell = 0; cell < values.length; cell++) sum += values[cell]!
  return new Float32Array(values.length).fill(sum / values.length)
}

/** Distances in OKLab, its colour axes counting twice. */
function addDifference(sums: Float32Array, weight: number, one: Float32Array[], other: Float32Array[]): void {
  const [l, a, b] = one as [Float32Array, Float32Array, Float32Array]
  const [l2, a2, b2] = other as [Float32Array, Float32Array, Float32Array]
  for (let cell = 0; cell < sums.length; cell++) {
    const light = l[cell]! - l2[cell]!
    const green = 2 * (a[cell]! - a2[cell]!)
    const blue = 2 * (b[cell]! - b2[cell]!)
    sums[cell]! += weight * Math.sqrt(light * light + green * green + blue * blue)
  }
}

/** From the 20th to the 98th percentile, in place; what is nearly flat stays so. */
function stretched(values: Float32Array): Float32Array {
  const counts = new Uint32Array(1024)
  for (let cell = 0; cell < values.length; cell++) counts[Math.min(1023, Math.floor(512 * values[cell]!))]!++
  const low = percentile(counts, values.length * 0.2)
  const high = Math.max(0.08, percentile(counts, values.length * 0.98), low + 0.02)
  for (let cell = 0; cell < values.length; cell++)
    values[cell] = Math.min(1, Math.max(0, (values[cell]! - low) / (high - low)))
  return values
}

function percentile(counts: Uint32Array, rank: number): number {
  let seen = 0
  for (let bin = 0; bin < counts.length; bin++) {
    seen += counts[bin]!
    if (seen > rank) return bin / 512
  }
  return 2
}

export interface Area {
  /** Fractions of the picture. */
  x: number
  y: number
  width: number
  height: number
}

export interface AreaFacts {
  /** Mean saliency, 0 to 1, and the share of all the picture's that lies here. */
  saliency: number
  saliencyShare: number
  edges: number
  /** Standard deviation of the lightness. */
  unrest: number
}

/** What lies in one area; takes a microsecond. */
export function look(maps: PictureMaps, area: Area): AreaFacts {
  const left = Math.min(maps.width - 1, Math.max(0, Math.floor(area.x * maps.width)))
  const top = Math.min(maps.height - 1, Math.max(0, Math.floor(area.y * maps.height)))
  const right = Math.max(left + 1, Math.min(maps.width, Math.ceil((area.x + area.width) * maps.width)))
  const bottom = Math.max(top + 1, Math.min(maps.height, Math.ceil((area.y + area.height) * maps.height)))
  const cells = (right - left) * (bottom - top)
  const sum = (grid: Grid) => sumOver(grid, left, top, right, bottom)
  const saliency = sum(maps.saliency)
  const lightness = sum(maps.lightness) / cells
  return {
    saliency: saliency / cells,
    saliencyShare: saliency / (sumOver(maps.saliency, 0, 0, maps.width, maps.height) || 1),
    edges: sum(maps.edges) / cells,
    unrest: Math.sqrt(Math.max(0, sum(maps.squares) / cells - lightness * lightness)),
  }
}
