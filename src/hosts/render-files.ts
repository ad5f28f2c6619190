// `thumbsmith render`: files in, renditions out, without any store or server.
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, extname, join } from 'node:path'
import { ThumbsmithError, toThumbsmithError } from '../errors.ts'
import { parseTitle } from '../original.ts'
import { presetNameOf, renditionsOf } from '../preset.ts'
import { FORMAT_EXTENSION } from '../preset-words.ts'
import type { Renderer, RenderOutcome } from '../render/renderer.ts'
import type { Config } from '../settings.ts'
import { openRenderer } from './open.ts'

export interface RenderFilesOptions {
  preset?: string[]
  title: string
  out: string
}

/** Writes `<name>-<preset>.<format>` for each file. Returns the exit code: 1 where anything failed; the rest is made all the same. */
export async function renderFiles(config: Config, files: string[], options: RenderFilesOptions): Promise<number> {
  const names = options.preset ?? Object.keys(config.presets)
  const unknown = names.find((name) => !Object.hasOwn(config.presets, name))
  if (unknown !== undefined)
    throw new ThumbsmithError(
      'config.invalid',
      `There is no preset "${unknown}" in ${config.file}. Known are ${Object.keys(config.presets).join(', ')}.`,
    )
  const presets = renditionsOf(Object.fromEntries(names.map((name) => [name, config.presets[name]!])))
  const title = parseTitle(options.title)
  await makeFolder(options.out)
  const decoders = config.decoders ?? availableParallelism()
  const renderer = await openRenderer(config, decoders)
  const progress = openProgress(files.length)
  const stems = uniqueStems(files)
  let failures = 0
  const waiting = [...files.entries()]
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [i, file] = next
      const { lines, failed } = await renderFile(
        file,
        stems[i]!,
        options.out,
        (bytes) => renderer.render({ bytes, presets, title }),
        config.limits.uploadMaxBytes,
      )
      failures += failed
      progress.done(lines)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(files.length, decoders + 1) }, worker))
  } finally {
    progress.end()
    await renderer.close()
  }
  return failures ? 1 : 0
}

async function renderFile(
  file: string,
  stem: string,
  out: string,
  render: (bytes: Uint8Array) => ReturnType<Renderer['render']>,
  maxBytes: number,
): Promise<{ lines: string[]; failed: number }> {
  let outcome: RenderOutcome
  try {
    const { size } = await stat(file)
    if (size > maxBytes)
      throw new ThumbsmithError(
        'image.too_many_bytes',
        `The file has ${size} bytes; at most ${maxBytes} are accepted. Raise limits.uploadMaxBytes.`,
      )
    outcome = await render(await readFile(file))
  } catch (thrown) {
    return { lines: [`${file}: ${whatIsWrong(thrown)}`], failed: 1 }
  }
  const lines: string[] = []
  let failed = 0
  for (const [preset, result] of Object.entries(outcome.renditions)) {
    if ('failure' in result) {
      failed++
      lines.push(`${file}: ${preset}: ${result.failure.message}`)
      continue
    }
    const { rendered } = result
    const target = join(out, `${stem}-${presetNameOf(preset)}.${FORMAT_EXTENSION[rendered.format]}`)
    try {
      await write(target, rendered.bytes)
    } catch (error) {
      failed++
      lines.push(`${file}: ${preset}: ${JSON.stringify(target)} cannot be written: ${whyNotWritten(error)}`)
      continue
    }
    lines.push(`${target}  ${rendered.width} x ${rendered.height}  ${rendered.bytes.length} bytes`)
    if (rendered.missingCharacters?.length)
      lines.push(`  no font has ${rendered.missingCharacters.join(' ')}, left out of the title`)
  }
  return { lines, failed }
}

async function makeFolder(out: string): Promise<void> {
  try {
    await mkdir(out, { recursive: true })
  } catch (error) {
    const isFile = ['EEXIST', 'ENOTDIR'].includes(codeOf(error))
    const why = isFile ? 'but a file stands there. Name a folder.' : `which cannot be made: ${whyNotWritten(error)}`
    throw new ThumbsmithError('config.invalid', `--out is "${out}", ${why}`, { cause: error })
  }
}

/** Whole or not at all. */
async function write(target: string, bytes: Uint8Array): Promise<void> {
  const part = `${target}.part`
  try {
    await writeFile(part, bytes)
    await rename(part, target)
  } catch (error) {
    await rm(part, { force: true }).catch(() => {})
    throw error
  }
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code)

const UNWRITABLE: Record<string, string> = {
  EISDIR: 'a folder stands there. Move it, or name another folder with --out.',
  EACCES: 'you may not write there. Name another folder with --out.',
  EPERM: 'you may not write there. Name another folder with --out.',
  EROFS: 'the disk is read-only. Name another folder with --out.',
  ENOSPC: 'the disk is full. Free some space.',
  EDQUOT: 'your share of the disk is used up. Free some space.',
  ENAMETOOLONG: 'its name is too long. Rename the original.',
}

const whyNotWritten = (error: unknown): string => UNWRITABLE[codeOf(error)] ?? String((error as Error).message)

function whatIsWrong(thrown: unknown): string {
  const code = codeOf(thrown)
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file.'
  if (code === 'EISDIR') return 'is a folder. Name the files in it.'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read. Ask its owner.'
  return toThumbsmithError(thrown).message
}

/** `a/photo.jpg` and `b/photo.png` must not overwrite each other. */
function uniqueStems(files: string[]): string[] {
  const used = new Set<string>()
  return files.map((file) => {
    const stem = basename(file, extname(file))
    let unique = stem
    for (let n = 2; used.has(unique); n++) unique = `${stem}-${n}`
    used.add(unique)
    return unique
  })
}

const BAR_WIDTH = 24

/** Lines to standard output; on a terminal, with more than one file, a bar below them. */
function openProgress(total: number): { done(lines: string[]): void; end(): void } {
  const bar = process.stderr.isTTY && total > 1
  let count = 0
  const clear = () => bar && process.stderr.write('\r\x1b[K')
  return {
    done(lines) {
      count++
      clear()
      for (const line of lines) process.stdout.write(`${line}\n`)
      if (!bar) return
      const full = Math.round((BAR_WIDTH * count) / total)
      process.stderr.write(`[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${count} of ${total}`)
    },
    end: () => void clear(),
  }
}
