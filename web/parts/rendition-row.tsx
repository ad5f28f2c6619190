// One rendition on a card: its preset, its state, its size, and what can be done with it.
import type { OriginalView, RenditionView } from '../../src/http/schemas.ts'
import { formatBytes, formatFormat, formatList, formatPixels, formatRatio } from '../format.ts'
import { nameOf } from '../state.ts'
import { store } from '../store.ts'
import { words } from '../words.ts'
import { RenditionActions } from './actions.tsx'

/** `1280 × 720 · JPEG · 84 kB`, or nothing before it is known. */
export function sizeOf(rendition: RenditionView): string {
  const { width, height, format, bytes } = rendition
  if (width === undefined || height === undefined || format === undefined || bytes === undefined) return ''
  return [formatPixels(width, height), formatFormat(format), formatBytes(bytes)].join(' · ')
}

/** Pages show pictures this wide, and most of them wider. */
const SHOWN_WIDTH = 320

/** How well the title can be read, and what to know before it is shown small. */
function TitleNotes({ report }: { report: NonNullable<RenditionView['title']> }) {
  const { contrast, legibleAt, truncated } = report
  return (
    <>
      <p class="edge">{words.card.readable(formatRatio(Math.min(contrast.p5, contrast.worst)))}</p>
      {legibleAt > SHOWN_WIDTH && <p class="note">{words.card.legibleFrom(legibleAt)}</p>}
      {truncated && <p class="note">{words.card.truncated}</p>}
    </>
  )
}

export function RenditionRow({ original, rendition }: { original: OriginalView; rendition: RenditionView }) {
  const name = nameOf(original)
  const size = sizeOf(rendition)
  return (
    <li class="rendition" data-state={rendition.state}>
      <div class="rendition-words">
        <div class="rendition-head">
          {rendition.url ? (
            <button
              type="button"
              class="rendition-name"
              aria-label={words.card.open(rendition.preset, name)}
              onClick={() => store.set({ viewing: { id: original.id, preset: rendition.preset } })}
            >
              {rendition.preset}
            </button>
          ) : (
            <span class="rendition-name">{rendition.preset}</span>
          )}
          <span class="state">{words.card.states[rendition.state]}</span>
        </div>
        {size && <p class="edge">{size}</p>}
        {rendition.stale && <p class="edge">{words.card.stale}</p>}
        {/* A reason that holds for the whole picture stands above, once. */}
        {rendition.error && rendition.error.message !== original.error?.message && (
          <p class="problem">{rendition.error.message}</p>
        )}
        {rendition.missingCharacters && rendition.missingCharacters.length > 0 && (
          <p class="note">{words.card.missing(formatList(rendition.missingCharacters))}</p>
        )}
        {rendition.title && <TitleNotes report={rendition.title} />}
      </div>
      <RenditionActions rendition={rendition} name={name} />
    </li>
  )
}
