// One process of the bench: renders a file so many times with one of the engines that run in Node. Arguments: engine, file, recipe (JSON), repeats, folder.
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import type { BenchRendition } from './recipes.ts'

const [engine, file, recipeText, repeats, out] = process.argv.slice(2) as [string, string, string, string, string]
const recipe = JSON.parse(recipeText) as BenchRendition[]

const length = statSync(file).size
/** Up to this size into memory that is kept, as the decoders of the pool read (src/render/child.ts); sharp gets the same. */
const KEPT_BYTES = 16 * 2 ** 20
const kept = Buffer.allocUnsafeSlow(KEPT_BYTES)

function readPicture(): Uint8Array {
  const bytes = length <= KEPT_BYTES ? kept.subarray(0, length) : Buffer.allocUnsafeSlow(length)
  const opened = openSync(file, 'r')
  for (let at = 0; at < length; ) at += readSync(opened, bytes, at, length - at, null)
  closeSync(opened)
  return bytes
}

type Files = Record<string, Uint8Array>
type Engine = () => Promise<Files>

/** The built engine: what people run, without the cost of types. */
async function thumbsmith(): Promise<Engine> {
  // As decoders do (src/render/child.ts).
  setFlagsFromString('--heap-growing-percent=600')
  const { render } = (await import(
    pathToFileURL(process.env.BENCH_ENGINE!).href
  )) as typeof import('../src/render/render.ts')
  const presets = Object.fromEntries(
    recipe.map(({ name, width, height, fit, format }) => [name, { width, height, fit, format }]),
  )
  return async () => {
    const { renditions } = await render({ bytes: readPicture(), presets })
    return Object.fromEntries(
      Object.entries(renditions).map(([name, result]) => {
        if ('failure' in result) throw new Error(result.failure.detail ?? result.failure.message)
        return [name, result.rendered.bytes]
      }),
    )
  }
}

/** One sharp call a rendition, with sharp's defaults: how most code is written. */
async function sharpCalls(): Promise<Engine> {
  const { default: sharp } = await import('sharp')
  return async () => {
    const bytes = readPicture()
    const files: Files = {}
    for (const { name, width, height, fit, format } of recipe)
      files[name] = await sharp(bytes)
        .autoOrient()
        .resize({ width, height, fit, background: '#000', withoutEnlargement: fit === 'inside' })
        [format]()
        .toBuffer()
    return files
  }
}

async function ipx(): Promise<Engine> {
  const { createIPX, ipxFSStorage } = (await import(
    pathToFileURL(join(process.env.BENCH_IPX!, 'node_modules/ipx/dist/index.mjs')).href
  )) as {
    createIPX(options: object): (path: string, modifiers: object) => { process(): Promise<{ data: Buffer }> }
    ipxFSStorage(options: object): object
  }
  const open = createIPX({ storage: ipxFSStorage({ dir: dirname(file) }) })
  return async () => {
    const files: Files = {}
    for (const { name, width, height, fit, format } of recipe) {
      const modifiers = { resize: `${width}x${height}`, fit, format, background: '#000' }
      files[name] = Buffer.from((await open(basename(file), modifiers).process()).data)
    }
    return files
  }
}

const engines: Record<string, () => Promise<Engine>> = { thumbsmith, sharp: sharpCalls, ipx }
const render = await engines[engine]!()
let files: Files = {}
for (let round = 0; round < Number(repeats); round++) files = await render()
for (const [name, bytes] of Object.entries(files))
  await writeFile(join(out, `${name}.${recipe.find((rendition) => rendition.name === name)!.format}`), bytes)
