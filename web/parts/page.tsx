// The whole page: its parts in order, and the files that are dropped or pasted anywhere on it.
import { getDroppedFiles } from '@uppy/core/utils'
import { useEffect, useState } from 'preact/hooks'
import { stageFiles } from '../staging.ts'
import { store, useStore } from '../store.ts'
import { words } from '../words.ts'
import { Gallery } from './gallery.tsx'
import { Header } from './header.tsx'
import { Presets } from './presets.tsx'
import { Removal } from './removal.tsx'
import { Tray } from './tray.tsx'
import { Viewer } from './viewer.tsx'

export function Page() {
  return (
    <>
      <Header />
      <Notice />
      <main id="pictures" tabIndex={-1}>
        <h1 class="unseen">{words.heading}</h1>
        <Presets />
        <Tray />
        <Gallery />
      </main>
      <Viewer />
      <Removal />
      <DropZone />
      <Said />
    </>
  )
}

function Notice() {
  const online = useStore((state) => state.online)
  const away = useStore((state) => state.link === 'away')
  const waiting = useStore((state) => state.waiting)
  const sentences = [
    ...(online ? (away ? [words.away] : []) : [words.offline]),
    ...(waiting > 0 ? [words.tray.waiting(waiting)] : []),
  ]
  return (
    <p class="notice" role="status" hidden={sentences.length === 0}>
      {sentences.join(' ')}
    </p>
  )
}

function Said() {
  const said = useStore((state) => state.said)
  return (
    <p class="unseen" aria-live="polite">
      {said}
    </p>
  )
}

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false

function DropZone() {
  const [over, setOver] = useState(false)
  useEffect(() => {
    // Enter and leave come for every element that is passed; the pointer is gone when they are even.
    let depth = 0
    const leave = () => {
      depth = 0
      setOver(false)
    }
    const handlers = {
      dragenter(event: DragEvent) {
        if (!carriesFiles(event)) return
        depth++
        setOver(true)
      },
      dragleave(event: DragEvent) {
        if (carriesFiles(event) && --depth <= 0) leave()
      },
      dragover(event: DragEvent) {
        if (carriesFiles(event)) event.preventDefault()
      },
      drop(event: DragEvent) {
        if (!carriesFiles(event) || !event.dataTransfer) return
        event.preventDefault()
        leave()
        void getDroppedFiles(event.dataTransfer).then(stageFiles)
      },
      paste(event: ClipboardEvent) {
        const files = [...(event.clipboardData?.files ?? [])]
        if (files.length === 0) return
        event.preventDefault()
        void stageFiles(files)
      },
    }
    const stop = new AbortController()
    for (const [type, handler] of Object.entries(handlers))
      document.addEventListener(type, handler as EventListener, { signal: stop.signal })
    return () => stop.abort()
  }, [])
  const offered = useStore((state) => state.about?.upload.offered === true)
  if (!over || !offered || store.get().viewing) return null
  return (
    <div class="drop-zone" aria-hidden="true">
      <p>{words.drop}</p>
    </div>
  )
}
