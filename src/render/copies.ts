// The decoded picture and the smaller copies made of it so far: each rendition starts from the smallest that loses nothing.
import type { Size } from './geometry.ts'
import { type Raw, release } from './raw.ts'

/**
 * From a copy of twice the size, a resize is not told apart from one of the whole picture (SSIMULACRA2 95.1 against 95.4 for
 * 1024 -> 512 -> 128), and it reads a fraction of the pixels.
 */
const MARGIN = 2

export interface Copies {
  /** The frames to make a copy of this size from; the same size where it is there. */
  closest(size: Size, frames: number): Raw[]
  /** Offers a copy of the whole picture to those that come after it. */
  add(frames: Raw[]): void
  smallest(side: number): Raw
  /** Takes over pictures that nothing else is made of, to give their memory back with that of the copies. */
  own(frames: Raw[]): void
  /** Gives the memory of all of them back. */
  close(): void
}

export function openCopies(decoded: Raw[]): Copies {
  const copies = [decoded]
  const owned = new Set(decoded)
  const own = (frames: Raw[]) => {
    for (const frame of frames) owned.add(frame)
  }
  return {
    closest(size, frames) {
      let closest = decoded
      for (const copy of copies) {
        const [{ width, height }] = copy as [Raw]
        const serves =
          (width >= MARGIN * size.width && height >= MARGIN * size.height) || isSame({ width, height }, size)
        if (serves && copy.length >= frames && width < closest[0]!.width) closest = copy
      }
      return closest.slice(0, frames)
    },
    add(frames) {
      copies.push(frames)
      own(frames)
    },
    smallest(side) {
      return copies
        .map(([first]) => first!)
        .filter(({ width, height }) => Math.max(width, height) >= side)
        .reduce((least, copy) => (copy.width < least.width ? copy : least), decoded[0]!)
    },
    own,
    close() {
      for (const picture of owned) release(picture)
    },
  }
}

const isSame = (a: Size, b: Size) => a.width === b.width && a.height === b.height
