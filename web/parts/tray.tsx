// The tray: files that were dropped, each with its title field, before anything is sent.
import { useEffect, useRef } from 'preact/hooks'
import { formatBytes, formatList, titleRoom } from '../format.ts'
import { clearStaged, takeStaged, titleStaged, unstage } from '../staging.ts'
import { namedPresets, type Staged } from '../state.ts'
import { store, useStore } from '../store.ts'
import { loadSender, startUploads } from '../uploads.ts'
import { words } from '../words.ts'
import { CloseIcon, ImageIcon } from './icons.tsx'
import { Proofs } from './proofs.tsx'
import { TitleRoom } from './title-field.tsx'

const isMac = /mac|iphone|ipad/i.test(navigator.userAgent)

export function Tray() {
  const staged = useStore((state) => state.staged)
  return staged.length === 0 ? null : <OpenTray staged={staged} />
}

function OpenTray({ staged }: { staged: Staged[] }) {
  const shared = useStore((state) => state.sharedTitle)
  const proving = useStore((state) => state.proving)
  const form = useRef<HTMLFormElement>(null)
  const ready = staged.filter((item) => !item.problem)
  const tooLong = (shared !== undefined ? [shared] : ready.map((item) => item.title)).some((t) => titleRoom(t) < 0)

  // The first thing to do is to type a title; a later drop must not take the cursor away.
  const isAny = ready.length > 0
  useEffect(() => {
    if (!isAny) return
    form.current?.querySelector<HTMLInputElement>('input[type=text]')?.focus()
    // Fetched while the title is typed; should it fail, the upload itself says so.
    loadSender().catch(() => {})
  }, [isAny])

  const submit = () => {
    if (ready.length === 0 || tooLong) return
    startUploads(takeStaged())
    // The field that had the focus is gone.
    document.getElementById('pictures')?.focus({ preventScroll: true })
  }
  /** Enter goes to the next title and, from the last one, uploads. */
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.isComposing) return
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault()
      submit()
      return
    }
    const fields = [...(form.current?.querySelectorAll<HTMLInputElement>('input[type=text]') ?? [])]
    const at = fields.indexOf(event.target as HTMLInputElement)
    const following = at < 0 ? undefined : fields[at + 1]
    if (!following) return
    event.preventDefault()
    following.focus()
  }
  return (
    <section class="tray" aria-labelledby="tray-heading">
      <form
        ref={form}
        onKeyDown={onKeyDown}
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <header class="tray-head">
          <h2 id="tray-heading">{words.tray.heading(ready.length)}</h2>
          {ready.length > 1 && (
            <label class="tick">
              <input
                type="checkbox"
                checked={shared !== undefined}
                onChange={(event) =>
                  store.set({ sharedTitle: event.currentTarget.checked ? (ready[0]?.title ?? '') : undefined })
                }
              />
              {words.tray.same}
            </label>
          )}
        </header>
        {shared !== undefined && ready.length > 1 && (
          <div class="tray-shared">
            <TitleInput
              label={words.tray.sameField}
              value={shared}
              onInput={(sharedTitle) => store.set({ sharedTitle })}
            />
            {ready[0] && <Proofs item={ready.find(({ id }) => id === proving) ?? ready[0]} title={shared} />}
          </div>
        )}
        <ul class="tray-list">
          {staged.map((item) => (
            <TrayRow
              key={item.id}
              item={item}
              own={shared === undefined || ready.length < 2}
              proving={item.id === proving}
            />
          ))}
        </ul>
        <TrayFoot ready={ready.length} blocked={tooLong} />
      </form>
    </section>
  )
}

function TrayRow({ item, own, proving }: { item: Staged; own: boolean; proving: boolean }) {
  const { file } = item
  return (
    <li class="tray-row" data-refused={item.problem !== undefined}>
      <span class="tray-thumb">{item.preview ? <img src={item.preview} alt="" /> : <ImageIcon />}</span>
      <div class="tray-words">
        <p class="filename">
          {file.name} <span class="edge">{formatBytes(file.size)}</span>
        </p>
        {item.problem && <p class="problem">{item.problem}</p>}
        {!item.problem && own && (
          <TitleInput
            label={words.tray.field(file.name)}
            value={item.title}
            onInput={(title) => titleStaged(item.id, title)}
          />
        )}
      </div>
      <button
        type="button"
        class="button button-icon"
        aria-label={words.tray.remove(file.name)}
        onClick={() => unstage(item.id)}
      >
        <CloseIcon />
      </button>
      {!item.problem && own && proving && <Proofs item={item} title={item.title} />}
    </li>
  )
}

interface TitleInputProps {
  label: string
  value: string
  onInput: (title: string) => void
}

function TitleInput({ label, value, onInput }: TitleInputProps) {
  return (
    <>
      <input
        type="text"
        class="field"
        value={value}
        placeholder={words.tray.placeholder}
        aria-label={label}
        aria-invalid={titleRoom(value) < 0}
        autocomplete="off"
        spellcheck
        dir="auto"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <TitleRoom title={value} />
    </>
  )
}

function TrayFoot({ ready, blocked }: { ready: number; blocked: boolean }) {
  const presets = namedPresets(useStore((state) => state.about))
  const drawnOn = presets.filter((preset) => preset.title).map((preset) => preset.name)
  return (
    <footer class="tray-foot">
      {ready > 0 && (
        <p class="note">{drawnOn.length > 0 ? words.tray.drawnOn(formatList(drawnOn)) : words.tray.notDrawn}</p>
      )}
      <button type="button" class="button button-quiet" onClick={clearStaged}>
        {ready > 0 ? words.tray.clear : words.tray.dismiss}
      </button>
      {ready > 0 && (
        <button type="submit" class="button button-primary" disabled={blocked}>
          {words.tray.upload(ready)}
          <span class="keys" aria-hidden="true">
            {isMac ? words.tray.shortcutMac : words.tray.shortcut}
          </span>
        </button>
      )}
    </footer>
  )
}
