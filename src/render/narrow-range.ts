// The narrow range of video (luma from 16 to 235) out of an encoder that knows only the full one: Chromium plays every sequence as if it had that.
import type { Raw } from './raw.ts'
import { coloursIn } from './sequence-header.ts'
import { readStillAvif } from './still-avif.ts'

/** Shares of red, green and blue in the luma, of BT.601. */
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114]
/** H.273, 8.3: how much of its 255 steps is left to each, and where black lies. */
const [LUMA, CHROMA, BLACK] = [219 / 255, 224 / 255, 16]
const BT601 = 6

/** Pixels whose luma and chroma in the full range are those that the picture has in the narrow one. All of them exist: none is cut off. */
export function narrowed(picture: Raw): Raw {
  const data = Buffer.from(picture.data)
  for (let at = 0; at < data.length; at += picture.channels) {
    const red = data[at]!
    const green = data[at + 1]!
    const blue = data[at + 2]!
    // A half more, for what is written into bytes loses its fraction.
    const rest = BLACK + 0.5 + (LUMA - CHROMA) * (RED * red + GREEN * green + BLUE * blue)
    data[at] = rest + CHROMA * red
    data[at + 1] = rest + CHROMA * green
    data[at + 2] = rest + CHROMA * blue
  }
  return { ...picture, data }
}

/** The same still AVIF, whose AV1 data now say that they have the narrow range. */
export function saidNarrow(still: Buffer): Buffer {
  const file = Buffer.from(still)
  const { sequenceHeader } = readStillAvif(file).colour
  const { rangeBit, fullRange, matrix } = coloursIn(sequenceHeader)
  if (!fullRange || matrix !== BT601) throw new Error('BT.601 in the full range was expected')
  sequenceHeader[rangeBit >> 3]! &= ~(128 >> (rangeBit & 7))
  return file
}
