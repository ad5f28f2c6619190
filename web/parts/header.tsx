// The head of the page: the name, whether the page is live, the theme, and the way in for new pictures.
import { useEffect, useState } from 'preact/hooks'
import { stageFiles } from '../staging.ts'
import { useStore } from '../store.ts'
import { applyTheme, onSystemTheme, readTheme, switchTheme } from '../theme.ts'
import { words } from '../words.ts'
import { MoonIcon, PlusIcon, SunIcon } from './icons.tsx'

export const FILE_INPUT = 'add-pictures'

export function Header() {
  const upload = useStore((state) => state.about?.upload)
  const link = useStore((state) => (state.online ? state.link : 'away'))
  return (
    <header class="page-head">
      <a class="skip" href="#pictures">
        {words.skip}
      </a>
      <p class="wordmark">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M5 8h22v10M5 8v17h11" />
          <rect x="19" y="21" width="9" height="5" />
        </svg>
        thumbsmith
      </p>
      {(link === 'live' || link === 'polling') && (
        <p class="link" data-link={link} title={link === 'live' ? words.link.liveHint : words.link.pollingHint}>
          {link === 'live' ? words.link.live : words.link.polling}
        </p>
      )}
      <span class="page-head-gap" />
      <ThemeButton />
      {upload?.offered !== false && (
        <label class="button button-primary">
          <PlusIcon />
          {words.add}
          <input
            id={FILE_INPUT}
            class="unseen"
            type="file"
            multiple
            // Naming the types makes iPhones hand over their HEIC photos as JPEG.
            accept={upload?.contentTypes.join(',') ?? 'image/*'}
            onChange={(event) => {
              const files = [...(event.currentTarget.files ?? [])]
              event.currentTarget.value = ''
              void stageFiles(files)
            }}
          />
        </label>
      )}
    </header>
  )
}

function ThemeButton() {
  const [theme, setTheme] = useState(readTheme)
  useEffect(
    () =>
      onSystemTheme(() => {
        applyTheme()
        setTheme(readTheme())
      }),
    [],
  )
  const label = theme === 'dark' ? words.toLight : words.toDark
  return (
    <button
      type="button"
      class="button button-icon"
      aria-label={label}
      title={label}
      onClick={() => setTheme(switchTheme())}
    >
      {theme === 'dark' ? <SunIcon /> : <MoonIcon />}
    </button>
  )
}
