// Asks before an original and all that was made from it are deleted: there is no way back.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { OriginalView } from '../../src/http/schemas.ts'
import { toApiError } from '../api.ts'
import { remove } from '../gallery.ts'
import { nameOf } from '../state.ts'
import { store, useStore } from '../store.ts'
import { words } from '../words.ts'

export function Removal() {
  const original = useStore((state) => state.originals.find((original) => original.id === state.removing))
  return original ? <OpenRemoval key={original.id} original={original} /> : null
}

function OpenRemoval({ original }: { original: OriginalView }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  const confirm = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await remove(original)
      // The card, and with it the button that had the focus, is gone.
      document.getElementById('pictures')?.focus()
      store.set({ removing: undefined })
    } catch (thrown) {
      setProblem(`${words.remove.failed} ${toApiError(thrown).message}`)
      setBusy(false)
    }
  }
  return (
    <dialog
      ref={dialog}
      class="removal"
      aria-labelledby="removal-heading"
      aria-describedby="removal-sentence"
      onClose={() => store.set({ removing: undefined })}
    >
      <h2 id="removal-heading">{words.remove.heading(nameOf(original))}</h2>
      <p id="removal-sentence">
        {words.remove.sentence(original.renditions.filter((rendition) => rendition.url !== undefined).length)}
      </p>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="removal-foot">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {words.remove.keep}
        </button>
        <button type="button" class="button button-danger" disabled={busy} onClick={() => void confirm()}>
          {words.remove.confirm}
        </button>
      </div>
    </dialog>
  )
}
