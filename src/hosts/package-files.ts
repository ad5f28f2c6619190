// The files of installed packages that titles are drawn with: Skia and the fonts, read when a browser first asks for them.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Asset } from '../http/services.ts'

const FILES: [RegExp, contentType: string][] = [
  [/^canvaskit-wasm\/bin\/canvaskit\.wasm$/, 'application/wasm'],
  [/^@fontsource(-variable)?\/[a-z-]+\/unicode\.json$/, 'application/json'],
  [/^@fontsource(-variable)?\/[a-z-]+\/files\/[\w-]+\.woff2$/, 'font/woff2'],
]

/** Fonts are compressed already; the others are kept, because compressing takes longer than reading. */
export function packageFiles(): (path: string) => Promise<Asset | undefined> {
  const kept = new Map<string, Promise<Asset | undefined>>()
  return async (path) => {
    const contentType = FILES.find(([pattern]) => pattern.test(path))?.[1]
    if (contentType === undefined) return undefined
    if (contentType === 'font/woff2') return read(path, contentType)
    const asset = kept.get(path) ?? read(path, contentType).then((found) => found && compressed(found))
    kept.set(path, asset)
    return asset
  }
}

/** `undefined` where the package, or the file in it, is not installed. */
async function read(path: string, contentType: string): Promise<Asset | undefined> {
  try {
    return { contentType, body: new Uint8Array(await readFile(fileURLToPath(import.meta.resolve(path)))) }
  } catch {
    return undefined
  }
}

async function compressed(asset: Asset): Promise<Asset> {
  return { ...asset, gzip: new Uint8Array(await promisify(gzip)(asset.body)) }
}
