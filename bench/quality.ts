// How large the renditions of one engine are, and how close to the truth: one Lanczos resize from the full picture.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { PYTHON_OF_BENCH } from './peers.ts'
import type { BenchRendition } from './recipes.ts'

export interface Output {
  name: string
  /** SSIMULACRA2 against the truth; 100 is identical. */
  score: number
}

/** Bytes of all renditions together, and where `score` is set the quality of each. */
export async function outputsOf(
  original: string,
  recipe: BenchRendition[],
  folder: string,
  score: boolean,
): Promise<{ bytes: number; quality: Output[] }> {
  const files = recipe
    .map((rendition) => ({ ...rendition, file: join(folder, `${rendition.name}.${rendition.format}`) }))
    .filter(({ file }) => existsSync(file))
  const sizes = await Promise.all(files.map(async ({ file }) => (await stat(file)).size))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  if (!score || !existsSync(PYTHON_OF_BENCH)) return { bytes, quality: [] }
  const quality: Output[] = []
  for (const { name, file } of files.filter(({ fit }) => fit === 'inside')) {
    const [score] = await scoresOf(original, [await readFile(file)])
    quality.push({ name, score: Number(score!.toFixed(1)) })
  }
  return { bytes, quality }
}

/** SSIMULACRA2 of pictures of one size, each against the truth. */
export async function scoresOf(original: string | Uint8Array, pictures: Uint8Array[]): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'thumbsmith-quality-'))
  try {
    const { width, height } = await sharp(pictures[0]).metadata()
    const truth = join(folder, 'truth.png')
    await sharp(original, { limitInputPixels: false })
      .autoOrient()
      .resize({ width, height, fit: 'fill', fastShrinkOnLoad: false })
      .toColourspace('srgb')
      .png()
      .toFile(truth)
    const scores: number[] = []
    for (const bytes of pictures) {
      const picture = join(folder, 'picture.png')
      await sharp(bytes).png().toFile(picture)
      scores.push(await ssimulacra2(truth, picture))
    }
    return scores
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function ssimulacra2(truth: string, picture: string): Promise<number> {
  const script =
    'import sys; from ssimulacra2 import compute_ssimulacra2 as s; print(float(s(sys.argv[1], sys.argv[2])))'
  const { stdout } = await promisify(execFile)(PYTHON_OF_BENCH, ['-c', script, truth, picture])
  return Number(stdout)
}
