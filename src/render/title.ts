// The title step: stub.
import type { Preset } from '../preset.ts'
import type { Raw } from './raw.ts'
export async function drawTitleOn(
  frames: Raw[],
  _preset: Preset,
  _title: string,
): Promise<{ frames: [Raw, ...Raw[]]; missingCharacters: string[] }> {
  return { frames: frames as [Raw, ...Raw[]], missingCharacters: [] }
}
