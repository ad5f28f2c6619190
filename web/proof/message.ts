// What the page and the worker that sets titles say to each other.
import type { Facts, Focus } from '../../src/original.ts'
import type { Preset } from '../../src/preset.ts'
import type { Layout } from '../../src/render/geometry.ts'
import type { TitleReport } from '../../src/title-report.ts'

export interface ProofRequest {
  /** Names the file: as long as it stays the same, the file is not decoded again. */
  item: string
  file: Blob
  format: Facts['format']
  presets: { name: string; preset: Preset }[]
  title: string
  focus: Focus | undefined
  /** At full size, encoded and measured as on the server; else as fast as it goes. */
  settled: boolean
}

export interface Proof {
  preset: string
  picture: ImageBitmap
  /** Where the file lies on the picture. */
  layout: Layout
  /** Characters that no font has. */
  missing: string[]
  /** Of a settled title. */
  report?: TitleReport | undefined
  /** Why there is no title on the picture, in a sentence. */
  problem?: string | undefined
}

/** `unreadable`: this browser cannot show the file. `unavailable`: what sets the title could not be loaded. */
export type ProofReply = { proofs: Proof[] } | { failed: 'unreadable' | 'unavailable' }
