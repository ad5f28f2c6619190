// Opens the title painter in a browser: Skia and the fonts come from our own server, only what a title needs.
import openCanvasKit from 'canvaskit-wasm'
import { openTitlePainter, type TitlePainter } from '../../src/title/title.ts'

/** Where the server keeps the files of its packages; the versions are in the address, so that browsers may keep them for good. */
declare const PACKAGES: string

async function readPackageFile(path: string): Promise<Uint8Array> {
  const response = await fetch(PACKAGES + path)
  if (!response.ok) throw new TypeError(`${path}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

export async function loadPainter(): Promise<TitlePainter> {
  const canvasKit = await openCanvasKit({ locateFile: (name) => `${PACKAGES}canvaskit-wasm/bin/${name}` })
  return openTitlePainter({ canvasKit, readFile: readPackageFile })
}
