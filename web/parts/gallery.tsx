// The wall of pictures: uploads on their way first, then the originals, newest first; or why there are none.
import { useEffect, useState } from 'preact/hooks'
import { loadMore, openGallery } from '../gallery.ts'
import { useStore } from '../store.ts'
import { words } from '../words.ts'
import { Card } from './card.tsx'
import { Empty } from './empty.tsx'
import { UploadCard } from './upload-card.tsx'

/** About as many cards stand in the first screen; their pictures are fetched at once. */
const EAGER = 4

/** How many cards to draw by now: one at a time, so that a long list does not hold up the page; once all were drawn, all. */
function useGradually(total: number): number {
  // Counted from the end: what comes in at the front meanwhile takes nothing away.
  const [left, setLeft] = useState<number>()
  const undrawn = left ?? Math.max(0, total - 1)
  useEffect(() => {
    if (total === 0 || left === 0) return
    const timer = setTimeout(() => setLeft(Math.max(0, undrawn - 1)))
    return () => clearTimeout(timer)
  }, [total, left])
  return Math.max(0, total - undrawn)
}

export function Gallery() {
  const originals = useStore((state) => state.originals)
  const sending = useStore((state) => state.sending)
  const list = useStore((state) => state.list)
  const problem = useStore((state) => state.listProblem)
  const next = useStore((state) => state.next)
  const staged = useStore((state) => state.staged.length)

  const drawn = useGradually(originals.length)
  const known = new Set(originals.map((original) => original.id))
  const uploads = sending.filter((item) => item.originalId === undefined || !known.has(item.originalId))
  if (list === 'failed')
    return (
      <section class="failure" role="alert">
        <h2>{words.gallery.failed}</h2>
        <p>{problem}</p>
        <button type="button" class="button button-primary" onClick={() => void openGallery()}>
          {words.gallery.again}
        </button>
      </section>
    )
  if (list === 'ready' && originals.length + uploads.length === 0) return staged > 0 ? null : <Empty />
  return (
    <section class="gallery" aria-labelledby="gallery-heading">
      <h2 id="gallery-heading" class="unseen">
        {words.gallery.heading}
      </h2>
      {list === 'loading' && originals.length === 0 ? (
        <ul class="cards" aria-label={words.gallery.loading}>
          {[0, 1, 2].map((at) => (
            <li class="card card-ghost" key={at} aria-hidden="true">
              <div class="lead" />
              <div class="card-words" />
            </li>
          ))}
        </ul>
      ) : (
        <ul class="cards">
          {uploads.map((item) => (
            <UploadCard key={item.id} item={item} />
          ))}
          {originals.slice(0, drawn).map((original, at) => (
            <Card key={original.id} original={original} eager={at < EAGER} />
          ))}
        </ul>
      )}
      {problem && <p class="problem">{problem}</p>}
      {next !== undefined && drawn >= originals.length && (
        <button
          type="button"
          class="button more"
          aria-disabled={list === 'loading-more'}
          onClick={() => void loadMore()}
        >
          {list === 'loading-more' ? words.gallery.loadingMore : words.gallery.more}
        </button>
      )}
    </section>
  )
}
