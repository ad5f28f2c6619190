// The built dashboard, read once into memory: `index.html` and its assets, each with its compressed forms.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Asset } from '../http/services.ts'

const FOLDER = fileURLToPath(new URL('../../dist/web', import.meta.url))

const CONTENT_TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
  json: 'application/json',
  webmanifest: 'application/manifest+json',
}

/** `undefined` where the dashboard was not built. */
export function dashboardFiles(): ((path: string) => Asset | undefined) | undefined {
  if (!existsSync(join(FOLDER, 'index.html'))) return undefined
  const names = readdirSync(FOLDER, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const files = new Map(
    names.map(({ parentPath, name }) => [
      relative(FOLDER, join(parentPath, name)).split(sep).join('/'),
      join(parentPath, name),
    ]),
  )
  const read = (path: string) => {
    const file = files.get(path)
    return file === undefined ? undefined : new Uint8Array(readFileSync(file))
  }
  const assets = new Map<string, Asset>()
  for (const path of files.keys()) {
    if (/\.(br|gz)$/.test(path)) continue
    const contentType = CONTENT_TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
    assets.set(path, { contentType, body: read(path)!, br: read(`${path}.br`), gzip: read(`${path}.gz`) })
  }
  return (path) => assets.get(path)
}
