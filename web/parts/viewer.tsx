// The large view of one rendition, in a native dialog; the arrow keys go to its siblings.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { About, OriginalView, RenditionView } from '../../src/http/schemas.ts'
import { nameOf } from '../state.ts'
import { store, useStore } from '../store.ts'
import { words } from '../words.ts'
import { RenditionActions } from './actions.tsx'
import { CloseIcon, FocusIcon } from './icons.tsx'
import { sizeOf } from './rendition-row.tsx'
import { layoutOf, Stage } from './stage.tsx'

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

/** Titles keep clear of it, and crops keep it. */
const usesFocus = ({ title, preset }: About['presets'][number]) => title || preset.fit === 'cover'

const close = () => store.set({ viewing: undefined })

function OpenViewer({ original, shown, rendition }: OpenViewerProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const name = nameOf(original)
  const [focusing, setFocusing] = useState(false)
  const presets = useStore((state) => state.about?.presets) ?? []
  const used = original.renditions.some(({ preset }) => presets.some((one) => one.name === preset && usesFocus(one)))
  const shownAs = presets.find((preset) => preset.name === rendition.preset)?.preset
  const layout = used && shownAs ? layoutOf(original, shownAs) : undefined
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
        <Stage original={original} rendition={rendition} layout={focusing ? layout : undefined} />
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
          {layout && (
            <button
              type="button"
              class="button"
              aria-pressed={focusing}
              title={words.focus.setHint}
              onClick={() => setFocusing(!focusing)}
            >
              <FocusIcon />
              {words.focus.set}
            </button>
          )}
          <RenditionActions rendition={rendition} name={name} labelled />
        </footer>
      </div>
    </dialog>
  )
}
