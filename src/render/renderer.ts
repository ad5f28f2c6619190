// The renderer port: bytes and presets in, renditions out; one decode for all presets of an original.
import type { ErrorCode } from '../errors.ts'
import type { Facts, Focus } from '../original.ts'
import type { Preset } from '../preset.ts'
import type { OutputFormat } from '../preset-words.ts'
import type { TitleReport } from '../title-report.ts'

export interface RenderRequest {
  bytes: Uint8Array
  /** By preset name. */
  presets: Record<string, Preset>
  /** Drawn by presets that ask for a title; `''` is none. */
  title?: string
  focus?: Focus | undefined
}

/** One encoded picture: pixels are those of the file. */
export interface Rendered {
  bytes: Uint8Array
  format: OutputFormat
  contentType: string
  width: number
  height: number
  /** Characters of the title that no font has. */
  missingCharacters?: string[]
  /** Where one was drawn. */
  title?: TitleReport
}

export interface RenderFailure {
  code: ErrorCode
  message: string
  /** The library's own words, for the log. */
  detail?: string | undefined
}

export interface RenderOutcome<Name extends string = string> {
  facts: Facts
  /** By preset name: one may fail while its siblings succeed. */
  renditions: Record<Name, { rendered: Rendered } | { failure: RenderFailure }>
}

/**
 * Throws a ThumbsmithError for the original as a whole: `image.*` (final), or a `decoder.*` code when the process that decoded died.
 */
export interface Renderer {
  render(request: RenderRequest): Promise<RenderOutcome>
  close(): Promise<void>
}
