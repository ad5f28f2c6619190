// A ThumbHash as a picture for `<img src>`: drawn for what is waited for, and remembered, because lists show the same ones again.
import { useEffect, useState } from 'preact/hooks'
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

/**
 * The same for a component, which is not held up, after `afterMs`, if it still asks then: drawing takes 2 ms, the first time 15, on a phone
 * four times that.
 */
export function useThumbhash(base64: string | undefined, afterMs: number): string | undefined {
  const [, setDrawn] = useState(base64)
  const known = base64 === undefined ? undefined : drawn.get(base64)
  useEffect(() => {
    if (base64 === undefined || known !== undefined) return
    const timer = setTimeout(() => drawThumbhash(base64) && setDrawn(`${base64} drawn`), afterMs)
    return () => clearTimeout(timer)
  }, [base64])
  return known
}
