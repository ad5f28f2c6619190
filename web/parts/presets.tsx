// The presets that every picture gets, by name, with what they ask for.
import type { About } from '../../src/http/schemas.ts'
import { formatFormat, formatPixels } from '../format.ts'
import { namedPresets } from '../state.ts'
import { useStore } from '../store.ts'
import { words } from '../words.ts'

type NamedPreset = About['presets'][number]

/** `1280 × 720 JPEG`; a side that follows from the other is said in words. */
function sizeOf({ preset }: NamedPreset): string {
  const { format } = preset
  if (format === 'same') return pixelsOf(preset)
  return `${pixelsOf(preset)} ${format === 'auto' ? words.presets.auto : formatFormat(format)}`
}

function pixelsOf({ width, height, fit }: NamedPreset['preset']): string {
  if (width === undefined) return words.presets.tall(height ?? 0)
  if (height === undefined) return words.presets.wide(width)
  const size = formatPixels(width, height)
  return fit === 'inside' ? words.presets.upTo(size) : size
}

export function Presets() {
  const presets = namedPresets(useStore((state) => state.about))
  if (presets.length === 0) return <div class="presets" aria-hidden="true" />
  return (
    <div class="presets">
      <p id="presets-label">{words.presets.label}</p>
      <ul aria-labelledby="presets-label">
        {presets.map((preset) => (
          <li key={preset.name} class="preset">
            <b>{preset.name}</b> <span class="edge">{sizeOf(preset)}</span>
            {preset.title && <span class="preset-title"> {words.presets.drawsTitle}</span>}
          </li>
        ))}
      </ul>
    </div>
  )
}
