// A picture that is never a hole: its placeholder until it is there, its signed link kept while it lasts, a sentence if it cannot be had.
import { useState } from 'preact/hooks'
import { readOriginal } from '../api.ts'
import { receive } from '../gallery.ts'
import { words } from '../words.ts'

interface PictureProps {
  /** Signed link; a new one for the same bytes comes with every answer of the server. */
  url: string
  /** Names the bytes: while it stays, the link that was used first is used on, so that the browser's cache holds. */
  fingerprint: string
  alt: string
  originalId: string
  placeholder: string | undefined
  width: number | undefined
  height: number | undefined
  eager?: boolean
}

export function Picture({ url, fingerprint, alt, originalId, placeholder, width, height, eager }: PictureProps) {
  const [shown, setShown] = useState({ fingerprint, url })
  const [loaded, setLoaded] = useState<string>()
  const [broken, setBroken] = useState<string>()
  if (shown.fingerprint !== fingerprint) setShown({ fingerprint, url })

  /** The link may have run out: the server gives a new one, and only if that fails too is the picture given up. */
  const renew = () => {
    if (shown.url !== url) return setShown({ fingerprint, url })
    setBroken(url)
    readOriginal(originalId)
      .then((original) => receive([{ type: 'original', original }]))
      .catch(() => {})
  }
  if (broken !== undefined && broken !== url && shown.url === broken) {
    setShown({ fingerprint, url })
  }

  const failed = broken !== undefined && broken === shown.url
  return (
    <span class="picture" data-loaded={loaded === fingerprint}>
      {placeholder && <img class="picture-placeholder" src={placeholder} alt="" />}
      {failed ? (
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
          onLoad={() => setLoaded(fingerprint)}
          onError={renew}
        />
      )}
    </span>
  )
}
