// What is known of a drawn title: how well it can be read in one line, and on demand why, where and from what size on.
import { useState } from 'preact/hooks'
import type { TitleReport } from '../../src/title-report.ts'
import { formatList, formatPlural, formatRatio, formatShare } from '../format.ts'
import { words } from '../words.ts'

/** Pages show pictures this wide, and most of them wider. */
const SHOWN_WIDTH = 320

interface TitleNotesProps {
  report: TitleReport | undefined
  /** Characters that no font has. */
  missing: string[] | undefined
}

export function TitleNotes({ report, missing = [] }: TitleNotesProps) {
  return (
    <>
      {missing.length > 0 && <p class="note">{words.report.missing(formatList(missing.map(nameOf)))}</p>}
      {report?.truncated && <p class="note">{words.report.truncated}</p>}
      {report && report.legibleAt > SHOWN_WIDTH && <p class="note">{words.report.legibleFrom(report.legibleAt)}</p>}
      {report && <Details report={report} />}
    </>
  )
}

/** What cannot be drawn here is often not to be seen on the page either. */
const nameOf = (character: string) =>
  `${character} (${[...character].map((char) => `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`).join(' ')})`

function Details({ report }: { report: TitleReport }) {
  const [open, setOpen] = useState(false)
  const { contrast } = report
  return (
    <details class="report" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{words.report.readable(formatRatio(Math.min(contrast.p5, contrast.worst)))}</summary>
      {/* A long list has many of them, and hardly one is opened. */}
      {open && <Facts report={report} />}
    </details>
  )
}

function Facts({ report }: { report: TitleReport }) {
  const { contrast, size, lines, position, help, strength, legibleAt, damage } = report
  const facts: [string, string][] = [
    [words.report.wholeText, words.report.ratio(formatRatio(contrast.p5))],
    [words.report.worstLetter, words.report.ratio(formatRatio(contrast.worst))],
    [words.report.target, words.report.ratio(formatRatio(contrast.target))],
    [words.report.letters, words.report.size(size, formatPlural(lines, 'line', 'lines'))],
    [words.report.place, words.report.positions[position]],
    [words.report.helpUsed, words.report.help[help](formatShare(strength))],
    [words.report.change, words.report.damage(damage.toFixed(1))],
    [words.report.smallest, words.report.from(legibleAt)],
  ]
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
