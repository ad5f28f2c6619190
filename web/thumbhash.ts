// A ThumbHash as a picture for `<img src>`; remembered, because lists draw the same ones again and again.
import { thumbHashToDataURL } from 'thumbhash'

const drawn = new Map<string, string>()
const DRAWN_MAX = 500

/** A data URL of the blurred picture, or `undefined` where the hash (base64) is none. */
export function drawThumbhash(base64: string): string | undefined {
  const known = drawn.get(base64)
  if (known !== undefined) return known
  try {
    const url = thumbHashToDataURL(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)))
    if (drawn.size >= DRAWN_MAX) drawn.clear()
    drawn.set(base64, url)
    return url
  } catch {
    return undefined
  }
}
