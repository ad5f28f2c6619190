// The picture of the large view; on request with the point where the eye should rest, to be set by a click.
import { useEffect, useState } from 'preact/hooks'
import type { About, OriginalView, RenditionView } from '../../src/http/schemas.ts'
import type { Focus } from '../../src/original.ts'
import { focusOn, type Layout, layOut, pointUnder } from '../../src/render/geometry.ts'
import { toApiError } from '../api.ts'
import { changeFocus } from '../gallery.ts'
import { nameOf } from '../state.ts'
import { say } from '../store.ts'
import { FocusNote, FocusPad } from './focus-pad.tsx'
import { Picture } from './picture.tsx'

/** Arrow keys come in bursts; what they end at is what is saved. */
const SAVE_AFTER_MS = 600

/** Where the original lies on a rendition; `undefined` where that cannot be told from here. */
export function layoutOf(original: OriginalView, preset: About['presets'][number]['preset']): Layout | undefined {
  const { facts, focus } = original
  if (!facts || (preset.fit === 'cover' && preset.position === 'attention' && !focus)) return undefined
  return layOut(facts, preset, focus)
}

interface StageProps {
  original: OriginalView
  rendition: RenditionView
  /** While the focus is being set. */
  layout: Layout | undefined
}

export function Stage({ original, rendition, layout }: StageProps) {
  const { width = 16, height = 9 } = rendition
  return (
    <div class="viewer-stage">
      <div
        class="viewer-frame"
        style={{ aspectRatio: `${width} / ${height}`, width: `min(100cqw, ${width}px, 100cqh * ${width / height})` }}
      >
        <Picture
          key={rendition.preset}
          url={rendition.url ?? ''}
          fingerprint={rendition.fingerprint ?? rendition.url ?? ''}
          alt={`${nameOf(original)}, ${rendition.preset}`}
          originalId={original.id}
          thumbhash={original.facts?.thumbhash}
          width={rendition.width}
          height={rendition.height}
          eager
        />
        {layout && <FocusSetter original={original} layout={layout} />}
      </div>
    </div>
  )
}

/** Shows the point at once where it was put, and saves it a moment later. */
function FocusSetter({ original, layout }: { original: OriginalView; layout: Layout }) {
  const [draft, setDraft] = useState<{ focus: Focus | undefined }>()
  const [problem, setProblem] = useState<string>()
  const { focus } = draft ?? original
  useEffect(() => {
    if (!draft) return
    const save = async () => {
      try {
        await changeFocus(original, draft.focus ?? null)
        setProblem(undefined)
      } catch (thrown) {
        const { message } = toApiError(thrown)
        setProblem(message)
        say(message)
      }
      setDraft(undefined)
    }
    const timer = setTimeout(save, SAVE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [draft])
  const set = (point: Focus | undefined) => setDraft({ focus: point && pointUnder(layout, point) })
  return (
    <>
      <FocusPad focus={focusOn(layout, focus)} set={set} />
      <div class="focus-tools">
        <FocusNote focus={focus} clear={() => set(undefined)} />
        {problem && <p class="problem">{problem}</p>}
      </div>
    </>
  )
}
