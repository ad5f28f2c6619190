// A landscape computed from noise: mountains at dusk over a lake, for the README's picture, so that it is nobody else's.

export type Colour = readonly [number, number, number]

const SHORE = 0.715
const SUN = { x: 0.655, y: 0.505, radius: 0.03 }

const mix = (a: number, b: number, t: number) => a + (b - a) * t
const blend = (a: Colour, b: Colour, t: number): Colour => [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)]
const clamp = (x: number) => Math.min(1, Math.max(0, x))
const smooth = (from: number, to: number, x: number) => {
  const t = clamp((x - from) / (to - from))
  return t * t * (3 - 2 * t)
}
const rgb = (hex: string): Colour => [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)) as unknown as Colour

/** A number from 0 to 1 for a point of a grid. */
function hash(x: number, y: number): number {
  let mixed = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 4294967296
}

function noise(x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [u, v] = [smooth(0, 1, x - left), smooth(0, 1, y - top)]
  const upper = mix(hash(left, top), hash(left + 1, top), u)
  return mix(upper, mix(hash(left, top + 1), hash(left + 1, top + 1), u), v)
}

/** Noise of several sizes, about 0 to 1; ridged: with sharp crests, as weather leaves them. */
function fractal(x: number, y: number, octaves: number, isRidged = false): number {
  let [sum, weight, total] = [0, 1, 0]
  for (let octave = 0; octave < octaves; octave++) {
    const value = noise(x * 2 ** octave + octave * 17.3, y * 2 ** octave + octave * 9.1)
    sum += weight * (isRidged ? 1 - Math.abs(2 * value - 1) : value)
    total += weight
    weight *= isRidged ? 0.46 : 0.5
  }
  return sum / total
}

const SKY: readonly (readonly [number, Colour])[] = [
  [0, rgb('0e1338')],
  [0.2, rgb('2a2358')],
  [0.36, rgb('6d3a72')],
  [0.46, rgb('c9566a')],
  [0.53, rgb('f48a58')],
  [0.6, rgb('ffd08a')],
]

function skyAt(x: number, y: number): Colour {
  const above = SKY.findLastIndex(([at]) => at <= y)
  const [from, to] = [SKY[Math.max(above, 0)]!, SKY[Math.min(above + 1, SKY.length - 1)]!]
  let colour = blend(from[1], to[1], from === to ? 0 : smooth(from[0], to[0], y))
  const distance = Math.hypot((x - SUN.x) * 1.5, y - SUN.y)
  const clouds = smooth(0.5, 0.78, fractal(x * 3.2 + 4, y * 17, 6)) * smooth(0.1, 0.26, y) * smooth(0.58, 0.44, y)
  const lit = blend(rgb('4a2d5e'), rgb('ffb071'), smooth(0.62, 0.05, distance))
  colour = blend(colour, lit, 0.75 * clouds)
  colour = blend(colour, rgb('ffe2ac'), 0.72 * Math.exp(-distance * 8) + 0.2 * Math.exp(-distance * 2.6))
  return blend(colour, rgb('fffbe8'), smooth(SUN.radius * 1.08, SUN.radius * 0.94, distance))
}

/** Light to add for the stars, which stand in a grid of cells, most of them empty. */
function starsAt(x: number, y: number): number {
  const cells = 90
  const [column, row] = [Math.floor(x * cells * 1.5), Math.floor(y * cells)]
  const chance = hash(column + 71, row + 13)
  if (chance < 0.78) return 0
  const away = Math.hypot(
    x * cells * 1.5 - column - mix(0.2, 0.8, hash(column, row + 901)),
    y * cells - row - mix(0.2, 0.8, hash(column + 333, row)),
  )
  const size = mix(0.03, 0.085, ((chance - 0.78) / 0.22) ** 6)
  return smooth(0.36, 0.06, y) * mix(0.35, 1, hash(column + 5, row + 5)) * Math.exp(-((away / size) ** 2))
}

interface Ridge {
  /** Top of the ridge at each column, as a share of the height. */
  tops: Float64Array
  colour: Colour
  mist: number
  glow: number
  seed: number
}

const RIDGES = [
  { at: 0.6, rise: 0.2, wave: 2.2, seed: 3, colour: '9a5a78', mist: 0.75, glow: 0.85 },
  { at: 0.615, rise: 0.28, wave: 1.5, seed: 40, colour: '58386a', mist: 0.62, glow: 1 },
  { at: 0.65, rise: 0.15, wave: 2.9, seed: 85, colour: '4c3564', mist: 0.75, glow: 0.35 },
  { at: 0.675, rise: 0.1, wave: 3.6, seed: 121, colour: '33284f', mist: 0.6, glow: 0.12 },
  { at: 0.7, rise: 0.05, wave: 4.5, seed: 190, colour: '1d1a38', mist: 0.35, glow: 0 },
]

function ridgesOf(width: number): Ridge[] {
  return RIDGES.map(({ at, rise, wave, seed, colour, mist, glow }) => {
    const tops = new Float64Array(width)
    for (let i = 0; i < width; i++) {
      const x = i / width
      const shape = fractal(x * wave + seed, seed * 0.37, 9, true)
      // The sun goes down in a gap.
      const gap = 1 - 0.55 * Math.exp(-(((x - SUN.x) / 0.13) ** 2)) * glow
      tops[i] = at - rise * gap * (shape - 0.42) * 2.1
    }
    return { tops, colour: rgb(colour), mist, glow, seed }
  })
}

function ridgeColour(ridge: Ridge, column: number, x: number, y: number): Colour {
  const top = ridge.tops[column]!
  const depth = y - top
  const slope = (ridge.tops[Math.max(0, column - 6)]! - ridge.tops[Math.min(ridge.tops.length - 1, column + 6)]!) * 60
  // Gullies run down from the crest and wander.
  const across = x + 0.012 * fractal(x * 20, y * 20, 3)
  const rock = fractal(across * 34 + ridge.seed, y * 7 + depth * 5, 7, true) - 0.52
  const faces = smooth(-0.06, 0.2, rock + slope * Math.sign(x - SUN.x) * 0.24)
  let colour = blend(ridge.colour, rgb('0b0a20'), clamp(0.9 * -rock))
  const light = ridge.glow * faces * smooth(0.22, 0.01, depth)
  colour = blend(colour, rgb('ff9c74'), 0.6 * light)
  const fog = smooth(0.03, 0.2, depth) * (0.55 + 0.9 * (fractal(x * 5 + ridge.seed, y * 20, 5) - 0.3))
  return blend(colour, blend(rgb('8d6c92'), rgb('f2a98a'), Math.exp(-Math.abs(x - SUN.x) * 4)), clamp(ridge.mist * fog))
}

/** How high the trees of the near shore stand at each column, as a share of the height. */
function treesOf(width: number, height: number): Float64Array {
  const tops = new Float64Array(width)
  for (let i = 0; i < 240; i++) {
    const x = hash(i, 7)
    const size = (0.012 + 0.05 * hash(i, 8) ** 2) * (0.35 + 1.1 * Math.abs(x - 0.56) ** 0.6)
    const centre = x * width
    const half = size * height * 0.17
    for (let column = Math.max(0, Math.floor(centre - half)); column < Math.min(width, centre + half); column++) {
      const out = Math.abs(column - centre) / half
      const tier = (out * 7) % 1
      tops[column] = Math.max(tops[column]!, size * (1 - out) * (0.86 + 0.22 * tier))
    }
  }
  return tops
}

/** Raw RGB of the landscape; its best shape is 3:2. */
export function dusk(width: number, height: number): Buffer {
  const ridges = ridgesOf(width)
  const trees = treesOf(width, height)
  const shoreAt = (x: number) => SHORE - 0.004 - 0.006 * fractal(x * 9, 3, 4)

  const land = (column: number, y: number): Colour => {
    const x = column / width
    if (y > shoreAt(x) - trees[column]!) return rgb('0a0b1c')
    for (const [i, ridge] of [...ridges.entries()].reverse())
      if (y > ridge.tops[column]!) return ridgeColour(ridges[i]!, column, x, y)
    const star = starsAt(x, y)
    return blend(skyAt(x, y), [255, 250, 240], star)
  }

  const water = (column: number, y: number): Colour => {
    const x = column / width
    const depth = (y - SHORE) / (1 - SHORE)
    const ripple = fractal(x * mix(90, 26, depth), y * mix(520, 150, depth), 4) - 0.5
    const sway = ripple * mix(0.004, 0.05, depth)
    const from = Math.min(width - 1, Math.max(0, Math.round((x + sway * 0.25) * width)))
    const mirrored = land(from, clamp(SHORE - (y - SHORE) * 1.9 + sway))
    const dim = 0.8 - 0.34 * depth
    let colour = blend(
      [mirrored[0] * dim * 1.08, mirrored[1] * dim * 0.93, mirrored[2] * dim * 0.84],
      rgb('181a42'),
      0.14,
    )
    const path = Math.exp(-(((x - SUN.x) / mix(0.014, 0.07, depth)) ** 2))
    const glitter = smooth(0.06, 0.2, ripple) * path * (1 - 0.5 * depth)
    colour = blend(colour, rgb('ffd9a0'), 0.9 * glitter)
    return blend(colour, rgb('f2a98a'), 0.35 * Math.exp(-depth * 26) * Math.exp(-Math.abs(x - SUN.x) * 3))
  }

  const data = Buffer.allocUnsafe(width * height * 3)
  for (let row = 0; row < height; row++) {
    const y = row / height
    for (let column = 0; column < width; column++) {
      const colour = y < SHORE ? land(column, y) : water(column, y)
      // A little grain keeps the gradients from showing steps.
      const grain = (hash(column, row + 5000) - 0.5) * 3
      const edge = 1 - 0.32 * Math.hypot((column / width - 0.5) * 1.1, y - 0.5) ** 2
      for (const channel of [0, 1, 2] as const)
        data[3 * (row * width + column) + channel] = Math.round(
          Math.min(255, Math.max(0, colour[channel] * edge + grain)),
        )
    }
  }
  return data
}
