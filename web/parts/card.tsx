// One original: its picture, its title, and the renditions made from it.
import { useMemo, useState } from 'preact/hooks'
import type { OriginalView } from '../../src/http/schemas.ts'
import { toApiError } from '../api.ts'
import { formatBytes, formatDay, formatMoment, formatPixels } from '../format.ts'
import { retry } from '../gallery.ts'
import { leadOf, nameOf } from '../state.ts'
import { store, useStore } from '../store.ts'
import { useThumbhash } from '../thumbhash.ts'
import { words } from '../words.ts'
import { ImageIcon, RetryIcon, TrashIcon } from './icons.tsx'
import { Picture } from './picture.tsx'
import { RenditionRow } from './rendition-row.tsx'
import { TitleField } from './title-field.tsx'

interface CardProps {
  original: OriginalView
  /** Its picture is fetched at once. */
  eager: boolean
}

/** Drawn again only when its original changed, whatever else happens in a long list. */
export function Card({ original, eager }: CardProps) {
  return useMemo(() => <DrawnCard original={original} eager={eager} />, [original, eager])
}

function DrawnCard({ original, eager }: CardProps) {
  const name = nameOf(original)
  const { facts } = original
  const details = [...(facts ? [formatPixels(facts.width, facts.height)] : []), formatBytes(original.bytes)]
  return (
    <li class="card" data-state={original.state}>
      <article aria-label={name}>
        <Lead original={original} eager={eager} />
        <div class="card-words">
          <TitleField original={original} />
          <div class="filename-line">
            <p class="filename" title={original.key}>
              {original.filename}
            </p>
            <time class="edge" dateTime={original.uploadedAt} title={formatMoment(original.uploadedAt)}>
              {formatDay(original.uploadedAt)}
            </time>
          </div>
          <p class="edge">{details.join(' · ')}</p>
          {original.error && <p class="problem">{original.error.message}</p>}
        </div>
        {original.renditions.length > 0 && (
          <ul class="renditions" aria-label={words.card.renditions}>
            {original.renditions.map((rendition) => (
              <RenditionRow key={rendition.preset} original={original} rendition={rendition} />
            ))}
          </ul>
        )}
        <Foot original={original} name={name} />
      </article>
    </li>
  )
}

function Lead({ original, eager }: CardProps) {
  const preview = useStore((state) => state.previews[original.id])
  const rendition = leadOf(original.renditions)
  const thumbhash = original.facts?.thumbhash
  const busy = original.state === 'queued' || original.state === 'rendering'
  const state = busy ? words.card.states[original.state === 'queued' ? 'queued' : 'rendering'] : undefined
  if (rendition?.url === undefined)
    return (
      <div class="lead" data-busy={busy}>
        <Awaited preview={preview} thumbhash={thumbhash} />
        {state && <span class="lead-state">{state}</span>}
      </div>
    )
  return (
    <button
      type="button"
      class="lead"
      data-busy={busy}
      aria-label={words.card.enlarge(nameOf(original))}
      onClick={() => store.set({ viewing: { id: original.id, preset: rendition.preset } })}
    >
      <Picture
        url={rendition.url}
        fingerprint={rendition.fingerprint ?? rendition.url}
        alt=""
        originalId={original.id}
        preview={preview}
        thumbhash={thumbhash}
        width={rendition.width}
        height={rendition.height}
        eager={eager}
      />
      {state && <span class="lead-state">{state}</span>}
    </button>
  )
}

/** What stands in the frame while there is no rendition yet. */
function Awaited({ preview, thumbhash }: { preview: string | undefined; thumbhash: string | undefined }) {
  const drawn = useThumbhash(preview === undefined ? thumbhash : undefined, 0)
  const picture = preview ?? drawn
  return picture === undefined ? <ImageIcon /> : <img class="lead-placeholder" src={picture} alt="" />
}

function Foot({ original, name }: { original: OriginalView; name: string }) {
  const [problem, setProblem] = useState<string>()
  const mayRetry = original.state === 'failed' || original.state === 'partial'
  const again = () => {
    setProblem(undefined)
    retry(original.id).catch((thrown) => setProblem(toApiError(thrown).message))
  }
  return (
    <div class="card-foot">
      {problem && <p class="problem">{problem}</p>}
      {mayRetry && (
        <button type="button" class="button button-quiet" aria-label={words.card.retryNamed(name)} onClick={again}>
          <RetryIcon />
          {words.card.retry}
        </button>
      )}
      <button
        type="button"
        class="button button-quiet"
        aria-label={words.card.deleteNamed(name)}
        onClick={() => store.set({ removing: original.id })}
      >
        <TrashIcon />
        {words.card.delete}
      </button>
    </div>
  )
}
