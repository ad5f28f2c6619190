// What can be done with a rendition that is there: copy its lasting link, download it.
import { useEffect, useState } from 'preact/hooks'
import type { RenditionView } from '../../src/http/schemas.ts'
import { say } from '../store.ts'
import { words } from '../words.ts'
import { CheckIcon, DownloadIcon, LinkIcon } from './icons.tsx'

const COPIED_MS = 2000

/** Pages that come over plain HTTP from another machine have no clipboard API; the old way still works there. */
async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement('textarea')
    field.value = text
    field.readOnly = true
    near.after(field)
    field.select()
    const copied = document.execCommand('copy')
    field.remove()
    near.focus()
    return copied
  }
}

interface ActionsProps {
  rendition: RenditionView
  name: string
  /** With words beside the icons, where there is room. */
  labelled?: boolean
}

export function RenditionActions({ rendition, name, labelled = false }: ActionsProps) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), COPIED_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const link = rendition.href ?? rendition.url
  if (link === undefined) return null

  const copy = async (button: HTMLElement) => {
    const done = await copyText(new URL(link, location.href).href, button)
    setCopied(done)
    say(done ? words.viewer.copied : words.viewer.notCopied)
  }
  const look = labelled ? 'button' : 'button button-icon'
  return (
    <span class="actions">
      <button
        type="button"
        class={look}
        aria-label={labelled ? undefined : words.card.copyNamed(rendition.preset, name)}
        title={words.viewer.copy}
        onClick={(event) => void copy(event.currentTarget)}
      >
        {copied ? <CheckIcon /> : <LinkIcon />}
        {labelled && (copied ? words.viewer.copied : words.viewer.copy)}
      </button>
      <a
        class={look}
        href={rendition.downloadUrl ?? rendition.url}
        download
        aria-label={labelled ? undefined : words.card.downloadNamed(rendition.preset, name)}
        title={words.viewer.download}
      >
        <DownloadIcon />
        {labelled && words.viewer.download}
      </a>
    </span>
  )
}
