// Files on their way in: looked at before anything is sent, and held until they have their titles.
import type { About } from '../src/http/schemas.ts'
import type { Focus } from '../src/original.ts'
import { formatFormat } from './format.ts'
import { drawPreview } from './preview.ts'
import { CONTENT_TYPE, type Kind, SNIFF_BYTES, sniff } from './sniff.ts'
import type { Staged } from './state.ts'
import { aboutKnown, say, store } from './store.ts'
import { words } from './words.ts'

/** Why a file cannot be uploaded, in words for people; `undefined` where it can. */
export function problemOf(
  file: { size: number },
  kind: Kind,
  upload: Pick<About['upload'], 'maxBytes' | 'contentTypes'>,
): string | undefined {
  if (file.size === 0) return words.refused.empty
  const contentType = CONTENT_TYPE[kind]
  if (contentType === undefined || !upload.contentTypes.includes(contentType)) {
    const known: Partial<Record<Kind, string>> = words.refused.kind
    return known[kind] ?? words.refused.notTaken(formatFormat(kind))
  }
  if (file.size > upload.maxBytes) return words.refused.tooBig(file.size, upload.maxBytes)
  return undefined
}

async function inspect(file: File, upload: About['upload']): Promise<Staged> {
  const staged = { id: crypto.randomUUID(), file, title: '' }
  try {
    const kind = sniff(new Uint8Array(await file.slice(0, SNIFF_BYTES).arrayBuffer()))
    return { ...staged, contentType: CONTENT_TYPE[kind] ?? '', problem: problemOf(file, kind, upload) }
  } catch {
    return { ...staged, contentType: '', problem: words.refused.folder }
  }
}

/** Takes files in, as soon as the server said what it takes: each stands in the tray, with its reason where it cannot be uploaded. */
export async function stageFiles(files: File[]): Promise<void> {
  if (!store.get().about) store.set(({ waiting }) => ({ waiting: waiting + files.length }))
  const { upload } = await aboutKnown()
  store.set({ waiting: 0 })
  if (!upload.offered || files.length === 0) return
  const added = await Promise.all(files.map((file) => inspect(file, upload)))
  store.set(({ staged }) => ({ staged: [...staged, ...added] }))
  const refused = added.filter((item) => item.problem).length
  const sentences = [
    ...(refused < added.length ? [words.tray.added(added.length - refused)] : []),
    ...(refused > 0 ? [words.tray.notAdded(refused)] : []),
  ]
  say(sentences.join(' '))
  for (const item of added) {
    if (item.problem) continue
    void drawPreview(item.file).then((preview) => patchEverywhere(item.id, preview))
  }
}

/** The file may be on its way already when its small picture is ready. */
function patchEverywhere(id: string, preview: string | undefined): void {
  if (preview === undefined) return
  store.set(({ staged, sending, previews }) => {
    const originalId = sending.find((item) => item.id === id)?.originalId
    return {
      staged: staged.map((item) => (item.id === id ? { ...item, preview } : item)),
      sending: sending.map((item) => (item.id === id ? { ...item, preview } : item)),
      previews: originalId === undefined ? previews : { ...previews, [originalId]: preview },
    }
  })
}

export function titleStaged(id: string, title: string): void {
  patchStaged(id, { title })
  store.set({ proving: id })
}

export function focusStaged(id: string, focus: Focus | undefined): void {
  patchStaged(id, { focus })
}

function patchStaged(id: string, change: Partial<Staged>): void {
  store.set(({ staged }) => ({ staged: staged.map((item) => (item.id === id ? { ...item, ...change } : item)) }))
}

export function unstage(id: string): void {
  store.set(({ staged }) => ({ staged: staged.filter((item) => item.id !== id) }))
}

export function clearStaged(): void {
  store.set({ staged: [], sharedTitle: undefined, proving: undefined })
}

/** Takes what can be uploaded out of the tray, each with its title; what cannot stays, with its reason. */
export function takeStaged(): Staged[] {
  const { staged, sharedTitle } = store.get()
  store.set({ staged: staged.filter((item) => item.problem), sharedTitle: undefined, proving: undefined })
  return staged.filter((item) => !item.problem).map((item) => ({ ...item, title: sharedTitle ?? item.title }))
}
