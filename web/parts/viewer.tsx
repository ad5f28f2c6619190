// The large view of one rendition, in a native dialog; the arrow keys go to its siblings.
import { useEffect, useRef } from 'preact/hooks'
import type { OriginalView, RenditionView } from '../../src/http/schemas.ts'
import { nameOf } from '../state.ts'
import { store, useStore } from '../store.ts'
import { useThumbhash } from '../thumbhash.ts'
import { words } from '../words.ts'
import { RenditionActions } from './actions.tsx'
import { CloseIcon } from './icons.tsx'
import { Picture } from './picture.tsx'
import { sizeOf } from './rendition-row.tsx'

export function Viewer() {
  const viewing = useStore((state) => state.viewing)
  const original = useStore((state) => state.originals.find((original) => original.id === state.viewing?.id))
  const shown = original?.renditions.filter((rendition) => rendition.url !== undefined) ?? []
  const rendition = shown.find((rendition) => rendition.preset === viewing?.preset) ?? shown[0]
  if (!original || !rendition) return null
  return <OpenViewer original={original} shown={shown} rendition={rendition} />
}

interface OpenViewerProps {
  original: OriginalView
  shown: RenditionView[]
  rendition: RenditionView
}

const close = () => store.set({ viewing: undefined })

function OpenViewer({ original, shown, rendition }: OpenViewerProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const name = nameOf(original)
  const placeholder = useThumbhash(original.facts?.thumbhash)
  useEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  const go = (preset: string) => store.set({ viewing: { id: original.id, preset } })
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    const to = shown[(shown.indexOf(rendition) + step + shown.length) % shown.length]
    if (step !== 0 && to) go(to.preset)
  }
  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-labelledby="viewer-heading"
      onClose={close}
      onKeyDown={onKeyDown}
      onClick={(event) => event.target === event.currentTarget && dialog.current?.close()}
    >
      <div class="viewer-sheet">
        <header class="viewer-head">
          <h2 id="viewer-heading" dir="auto">
            {name}
          </h2>
          <button
            type="button"
            class="button button-icon"
            aria-label={words.viewer.close}
            onClick={() => dialog.current?.close()}
          >
            <CloseIcon />
          </button>
        </header>
        <div class="viewer-stage">
          <Picture
            key={rendition.preset}
            url={rendition.url ?? ''}
            fingerprint={rendition.fingerprint ?? rendition.url ?? ''}
            alt={`${name}, ${rendition.preset}`}
            originalId={original.id}
            placeholder={placeholder}
            width={rendition.width}
            height={rendition.height}
            eager
          />
        </div>
        <footer class="viewer-foot">
          {shown.length > 1 && (
            <ul class="viewer-sizes" aria-label={words.viewer.sizes}>
              {shown.map(({ preset }) => (
                <li key={preset}>
                  <button
                    type="button"
                    class="chip"
                    aria-pressed={preset === rendition.preset}
                    onClick={() => go(preset)}
                  >
                    {preset}
                  </button>
                </li>
              ))}
            </ul>
          )}
          <p class="edge viewer-size">
            {shown.length > 1 ? '' : `${rendition.preset} · `}
            {sizeOf(rendition)}
            {rendition.state !== 'ready' && ` · ${words.card.states[rendition.state]}`}
          </p>
          <RenditionActions rendition={rendition} name={name} labelled />
        </footer>
      </div>
    </dialog>
  )
}
