// A picture that is not a hole for long: its placeholder until it is there, its signed link kept while it lasts, a sentence if it cannot be had.
import { useState } from 'preact/hooks'
import { readOriginal } from '../api.ts'
import { receive } from '../gallery.ts'
import { useThumbhash } from '../thumbhash.ts'
import { words } from '../words.ts'

interface PictureProps {
  /** Signed link; a new one for the same bytes comes with every answer of the server. */
  url: string
  /** Names the bytes: while it stays, the link that was used first is used on, so that the browser's cache holds. */
  fingerprint: string
  alt: string
  originalId: string
  /** What stands there until it is loaded: a picture at hand, or else what the hash (base64) tells. */
  preview?: string | undefined
  thumbhash: string | undefined
  width: number | undefined
  height: number | undefined
  eager?: boolean
}

/** A link that ran out is asked for anew once; bytes that cannot be had under the new one are not there. */
const RENEWALS_MAX = 1
/** A picture that comes sooner needs no placeholder. */
const PATIENCE_MS = 100

export function Picture(props: PictureProps) {
  const { url, fingerprint, alt, originalId, preview, thumbhash, width, height, eager } = props
  const [shown, setShown] = useState({ fingerprint, url, failures: 0, failed: false, renewed: false })
  // Once a picture stood here it stays until the next has come, so that a new title never blanks the card.
  const [loaded, setLoaded] = useState(false)
  if (shown.fingerprint !== fingerprint) setShown({ fingerprint, url, failures: 0, failed: false, renewed: false })
  else if (shown.failed && (shown.renewed || shown.url !== url) && shown.failures <= RENEWALS_MAX)
    setShown({ ...shown, url, failed: false, renewed: false })
  const drawn = useThumbhash(loaded || preview ? undefined : thumbhash, PATIENCE_MS)
  const placeholder = preview ?? drawn

  const onError = () => {
    const failures = shown.failures + 1
    setShown({ ...shown, failures, failed: true })
    setLoaded(false)
    if (shown.url !== url || failures > RENEWALS_MAX) return
    readOriginal(originalId)
      .then((original) => {
        receive([{ type: 'original', original }])
        // Links of one second are alike: that it was renewed cannot be seen by the link.
        setShown((now) => ({ ...now, renewed: now.failed }))
      })
      .catch(() => {})
  }
  return (
    <span class="picture" data-loaded={loaded}>
      {placeholder && !loaded && <img class="picture-placeholder" src={placeholder} alt="" />}
      {shown.failed ? (
        <span class="picture-broken">{words.card.broken}</span>
      ) : (
        <img
          class="picture-image"
          src={shown.url}
          alt={alt}
          width={width}
          height={height}
          loading={eager ? 'eager' : 'lazy'}
          decoding="async"
          onLoad={() => setLoaded(true)}
          onError={onError}
        />
      )}
    </span>
  )
}
