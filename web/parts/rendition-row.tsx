// One rendition on a card: its preset, its state, its size, and what can be done with it.
import type { OriginalView, RenditionView } from '../../src/http/schemas.ts'
import { formatBytes, formatFormat, formatPixels } from '../format.ts'
import { nameOf } from '../state.ts'
import { store } from '../store.ts'
import { words } from '../words.ts'
import { RenditionActions } from './actions.tsx'
import { TitleNotes } from './title-notes.tsx'

/** `1280 × 720 · JPEG · 84 kB`, or nothing before it is known. */
export function sizeOf(rendition: RenditionView): string {
  const { width, height, format, bytes } = rendition
  if (width === undefined || height === undefined || format === undefined || bytes === undefined) return ''
  return [formatPixels(width, height), formatFormat(format), formatBytes(bytes)].join(' · ')
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
        <TitleNotes report={rendition.title} missing={rendition.missingCharacters} />
      </div>
      <RenditionActions rendition={rendition} name={name} />
    </li>
  )
}
