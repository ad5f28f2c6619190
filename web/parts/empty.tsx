// Nothing is here yet: the invitation to begin.
import { useStore } from '../store.ts'
import { words } from '../words.ts'
import { FILE_INPUT } from './header.tsx'

export function Empty() {
  const offered = useStore((state) => state.about?.upload.offered !== false)
  if (!offered)
    return (
      <section class="empty">
        <h2>{words.empty.noUploadsHeading}</h2>
        <p>{words.empty.noUploads}</p>
      </section>
    )
  return (
    <section class="empty">
      <ContactSheet />
      <h2>{words.empty.heading}</h2>
      <p>{words.empty.sentence}</p>
      <button type="button" class="button" onClick={() => document.getElementById(FILE_INPUT)?.click()}>
        {words.empty.choose}
      </button>
    </section>
  )
}

/** Two strips of film; one frame is chosen, as on a contact sheet, with grease pencil. */
function ContactSheet() {
  return (
    <svg class="empty-art" viewBox="0 0 320 190" aria-hidden="true">
      {[10, 100].map((y) => (
        <g key={y}>
          <rect class="empty-film" x="6" y={y} width="308" height="76" />
          <path class="empty-edge" d={`M14 ${y + 6}h292M14 ${y + 70}h292`} />
          {[16, 91, 166, 241].map((x) => (
            <rect key={x} class="empty-frame" x={x} y={y + 14} width="63" height="48" />
          ))}
        </g>
      ))}
      <path class="empty-pencil" d="M214 97c-34-9-63 4-65 35-2 32 21 50 53 48 30-2 47-19 46-46-1-30-27-47-70-36" />
    </svg>
  )
}
