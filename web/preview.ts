// Small pictures of files on this person's own disk, drawn one after the other so that many large photos never stand in memory at once.

const SIDE = 480
let last: Promise<unknown> = Promise.resolve()

/** A blob URL of about 480 pixels, or `undefined` where the browser cannot read the file. */
export function drawPreview(file: Blob): Promise<string | undefined> {
  const drawn = last.then(() => draw(file).catch(() => undefined))
  last = drawn
  return drawn
}

async function draw(file: Blob): Promise<string> {
  const bitmap = await createImageBitmap(file)
  try {
    const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(bitmap.width * scale))
    canvas.height = Math.max(1, Math.round(bitmap.height * scale))
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/webp', 0.8))
    if (!blob) throw new TypeError('The canvas gave no picture.')
    return URL.createObjectURL(blob)
  } finally {
    bitmap.close()
  }
}
