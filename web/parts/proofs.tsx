// Proofs: the picture with its title as it will come out, while the title is typed and before anything is sent.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { About } from '../../src/http/schemas.ts'
import type { Facts, Focus } from '../../src/original.ts'
import { focusOn, pointUnder } from '../../src/render/geometry.ts'
import type { TitleReport } from '../../src/title-report.ts'
import { formatPixels } from '../format.ts'
import type { Proof } from '../proof/message.ts'
import { type Failed, forget, type ProofWatcher, prove } from '../proof/proofs.ts'
import { focusStaged } from '../staging.ts'
import { namedPresets, type Staged } from '../state.ts'
import { useStore } from '../store.ts'
import { words } from '../words.ts'
import { FocusNote, FocusPad } from './focus-pad.tsx'
import { TitleNotes } from './title-notes.tsx'

type NamedPreset = About['presets'][number]

/** Nothing of what draws them is loaded before there is a title, and a preset that draws it. */
export function Proofs({ item, title }: { item: Staged; title: string }) {
  const presets = namedPresets(useStore((state) => state.about)).filter((preset) => preset.title)
  if (title.trim() === '' || presets.length === 0) return null
  return <OpenProofs item={item} title={title} presets={presets} />
}

interface OpenProofsProps {
  item: Staged
  title: string
  presets: NamedPreset[]
}

function OpenProofs({ item, title, presets }: OpenProofsProps) {
  const [proofs, setProofs] = useState<Proof[]>([])
  // What was last measured stays while letters are typed; else it would come and go.
  const [reports, setReports] = useState<Record<string, TitleReport | undefined>>({})
  const [failed, setFailed] = useState<Failed>()
  const [watcher] = useState<ProofWatcher>(() => ({
    drawn(drawn, settled) {
      setFailed(undefined)
      setProofs(drawn)
      if (settled) setReports(Object.fromEntries(drawn.map(({ preset, report }) => [preset, report])))
    },
    failed: setFailed,
  }))
  useEffect(() => {
    const { id, file, contentType, focus } = item
    const format = contentType.slice('image/'.length) as Facts['format']
    prove({ item: id, file, format, presets, title, focus }, watcher)
  }, [item.id, item.focus, title])
  useEffect(() => () => forget(watcher), [])

  if (failed) return <p class="note">{words.proof[failed]}</p>
  return (
    <div class="proofs">
      {presets.map((preset) => (
        <ProofSheet
          key={preset.name}
          preset={preset}
          item={item}
          proof={proofs.find((proof) => proof.preset === preset.name)}
          report={reports[preset.name]}
        />
      ))}
    </div>
  )
}

/** In what the proof is not yet what will come out. */
function differencesOf({ watermark, title, fit, position }: NamedPreset['preset'], { focus }: Staged): string[] {
  return [
    ...(watermark ? [words.proof.watermark] : []),
    ...(typeof title === 'object' && title.font ? [words.proof.font] : []),
    ...(fit === 'cover' && position === 'attention' && !focus ? [words.proof.attention] : []),
  ]
}

interface ProofSheetProps {
  preset: NamedPreset
  item: Staged
  proof: Proof | undefined
  /** Of the last title that was measured. */
  report: TitleReport | undefined
}

function ProofSheet({ preset: { name, preset }, item, proof, report }: ProofSheetProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (!canvas.current || !proof) return
    canvas.current.width = proof.picture.width
    canvas.current.height = proof.picture.height
    canvas.current.getContext('bitmaprenderer')?.transferFromImageBitmap(proof.picture)
  }, [proof])
  const layout = proof?.layout
  const size = layout?.canvas ?? { width: preset.width ?? 16, height: preset.height ?? 9 }
  const focus = layout && focusOn(layout, item.focus)
  const setFocus = (point: Focus | undefined) =>
    focusStaged(item.id, layout && point ? pointUnder(layout, point) : undefined)
  return (
    <figure class="proof" data-settled={proof?.report !== undefined}>
      <div class="proof-picture" style={{ aspectRatio: `${size.width} / ${size.height}` }}>
        {!proof && item.preview && <img class="lead-placeholder" src={item.preview} alt="" />}
        <canvas ref={canvas} role="img" aria-label={words.proof.label(name)} />
        {layout ? <FocusPad focus={focus} set={setFocus} /> : <span class="lead-state">{words.proof.loading}</span>}
      </div>
      <figcaption>
        <div class="proof-head">
          <p>
            <b>{name}</b> {layout && <span class="edge">{formatPixels(size.width, size.height)}</span>}
          </p>
          {layout && <FocusNote focus={item.focus} clear={() => setFocus(undefined)} />}
        </div>
        {layout &&
          differencesOf(preset, item).map((sentence) => (
            <p class="note" key={sentence}>
              {sentence}
            </p>
          ))}
        {proof?.problem && <p class="problem">{proof.problem}</p>}
        {proof && <TitleNotes report={proof.problem ? undefined : report} missing={proof.missing} />}
      </figcaption>
    </figure>
  )
}
