// The title on a card: read like a heading, typed over like a field; Enter or leaving it saves, Escape puts it back.
import { useEffect, useId, useState } from 'preact/hooks'
import type { OriginalView } from '../../src/http/schemas.ts'
import { toApiError } from '../api.ts'
import { titleRoom } from '../format.ts'
import { changeTitle } from '../gallery.ts'
import { say } from '../store.ts'
import { words } from '../words.ts'

const ROOM_TOLD_BELOW = 40

/** How many characters are left, told only when it begins to matter. */
export function TitleRoom({ title, id }: { title: string; id?: string }) {
  const room = titleRoom(title)
  if (room >= ROOM_TOLD_BELOW) return null
  return (
    <p class="title-room" id={id} data-over={room < 0}>
      {room < 0 ? words.card.roomOver(-room) : words.card.roomLeft(room)}
    </p>
  )
}

export function TitleField({ original }: { original: OriginalView }) {
  const [draft, setDraft] = useState(original.title)
  const [saving, setSaving] = useState(false)
  const [problem, setProblem] = useState<string>()
  const noteId = useId()
  const dirty = draft.trim() !== original.title
  // A title that came from elsewhere is shown, unless the person is typing one.
  useEffect(() => {
    if (!saving && problem === undefined) setDraft(original.title)
  }, [original.title])

  const save = async () => {
    if (!dirty || saving || titleRoom(draft) < 0) return
    setSaving(true)
    setProblem(undefined)
    try {
      await changeTitle(original, draft.trim())
    } catch (thrown) {
      const error = toApiError(thrown)
      const sentence = error.code === 'request.conflict' ? words.card.conflict : error.message
      setProblem(sentence)
      say(sentence)
    } finally {
      setSaving(false)
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return
    if (event.key === 'Enter') {
      event.preventDefault()
      void save()
    } else if (event.key === 'Escape') {
      setDraft(original.title)
      setProblem(undefined)
    }
  }
  return (
    <div class="title">
      <textarea
        class="title-field"
        rows={1}
        value={draft}
        placeholder={words.card.noTitle}
        aria-label={words.card.title(original.filename)}
        aria-describedby={noteId}
        aria-invalid={titleRoom(draft) < 0 || problem !== undefined}
        spellcheck
        dir="auto"
        onInput={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={() => void save()}
      />
      <div id={noteId}>
        <TitleRoom title={draft} />
        {saving && <p class="title-note">{words.card.saving}</p>}
        {problem && <p class="title-note problem">{problem}</p>}
      </div>
    </div>
  )
}
