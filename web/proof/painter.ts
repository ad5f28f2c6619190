// Opens the title painter in a browser: Skia and the fonts come from our own server, only what a title needs.
import openCanvasKit from 'canvaskit-wasm'
import { openTitlePainter, type TitlePainter } from '../../src/title/title.ts'

/** Where the server keeps the files of its packages; the versions are in the address, so that browsers may keep them for good. */
declare const PACKAGES: string

/** A function on Lambda answers with 6 MB at most, as base64; the emoji are more. */
const PART_BYTES = 4_000_000

async function readPackageFile(path: string): Promise<Uint8Array> {
  const parts: ArrayBuffer[] = []
  for (let at = 0, length = 1; at < length; at += PART_BYTES) {
    const range = { range: `bytes=${at}-${at + PART_BYTES - 1}` }
    const response = await fetch(PACKAGES + path, path.endsWith('.woff2') ? { headers: range } : {})
    if (!response.ok) throw new TypeError(`${path}: ${response.status}`)
    parts.push(await response.arrayBuffer())
    // Where there is no range, it is the whole file.
    length = Number(response.headers.get('content-range')?.split('/')[1] ?? 0)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

export async function loadPainter(): Promise<TitlePainter> {
  const canvasKit = await openCanvasKit({ locateFile: (name) => `${PACKAGES}canvaskit-wasm/bin/${name}` })
  return openTitlePainter({ canvasKit, readFile: readPackageFile })
}
