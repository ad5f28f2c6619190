// The ThumbHash of a picture: about 25 bytes that stand in for it until a rendition is there.
import { rgbaToThumbHash } from 'thumbhash'
import { THUMBHASH_SIDE } from './plan.ts'
import { type Raw, resizeRaw, withAlpha } from './raw.ts'

/** The ThumbHash in base64. */
export async function thumbhashOf(picture: Raw): Promise<string> {
  const factor = Math.min(1, THUMBHASH_SIDE / Math.max(picture.width, picture.height))
  const size = {
    width: Math.max(1, Math.floor(picture.width * factor)),
    height: Math.max(1, Math.floor(picture.height * factor)),
  }
  const small = withAlpha(await resizeRaw(picture, size))
  return Buffer.from(rgbaToThumbHash(small.width, small.height, small.data)).toString('base64')
}
