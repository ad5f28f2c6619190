// The dashboard begins here: the theme, the page, the list, and the feed that keeps it true.
import { render } from 'preact'
import { followFeed } from './feed.ts'
import { openGallery, receive, refresh } from './gallery.ts'
import { Page } from './parts/page.tsx'
import { isMoving } from './state.ts'
import { store } from './store.ts'
import { applyTheme } from './theme.ts'
import { isUploading, resumeUploads } from './uploads.ts'

applyTheme()
// Asked for first: the answer is on its way while the page is drawn.
const opened = openGallery()
// A page that answers between its parts is worth more than one that is complete a moment sooner.
await new Promise((resolve) => setTimeout(resolve))
const page = document.getElementById('page')
if (page) render(<Page />, page)

store.set({ online: navigator.onLine })
addEventListener('offline', () => store.set({ online: false }))
addEventListener('online', () => {
  store.set({ online: true })
  resumeUploads()
})
addEventListener('beforeunload', (event) => {
  if (isUploading()) event.preventDefault()
})

const countMoving = () => store.get().originals.filter(isMoving).length

await opened
const { hurry } = followFeed(store.get().about?.events === false ? undefined : '/v1/events', {
  receive,
  refresh,
  link(link) {
    const wasAway = store.get().link === 'away'
    store.set({ link })
    if (wasAway && link !== 'away') resumeUploads()
  },
  isMoving: () => countMoving() > 0,
})

// Where nothing is told live, what the person has just set going is asked for at once.
let moving = countMoving()
store.subscribe(() => {
  const before = moving
  moving = countMoving()
  if (moving > before) hurry()
})
