// The worker that sets titles while they are typed: the server's own title modules, on the local file, before anything is uploaded.
import { ThumbsmithError } from '../../src/errors.ts'
import { type Facts, type Focus, parseTitle } from '../../src/original.ts'
import { outputFormatOf, type Preset, titleStyleOf } from '../../src/preset.ts'
import type { OutputFormat } from '../../src/preset-words.ts'
import { focusOn, type Layout, layOut, type Size } from '../../src/render/geometry.ts'
import { lastingPainter } from '../../src/title/lasting.ts'
import { decode } from './decode.ts'
import { type Decoded, type Ground, groundOf } from './ground.ts'
import type { Proof, ProofReply, ProofRequest } from './message.ts'
import { loadPainter } from './painter.ts'
import { isOpaque } from './resample.ts'
import { draft, shipReadable, toBitmap } from './ship.ts'

/** Typing must not wait: larger pictures are shown smaller until the person pauses. */
const QUICK_MAX_PIXELS = 1_100_000
const KEPT_FILES = 2
const KEPT_GROUNDS = 4

const painter = lastingPainter(loadPainter)

interface Opened {
  decoded: Decoded
  facts: { format: Facts['format']; hasAlpha: boolean }
  grounds: Map<string, Ground>
}
const opened = new Map<string, Promise<Opened>>()

addEventListener('message', ({ data }: MessageEvent<ProofRequest>) => {
  void answer(data)
    .catch((): ProofReply => ({ failed: 'unavailable' }))
    .then((reply) => {
      const pictures = 'proofs' in reply ? reply.proofs.map(({ picture }) => picture) : []
      postMessage(reply, { transfer: pictures })
    })
})

async function answer(request: ProofRequest): Promise<ProofReply> {
  const [file] = await Promise.all([open(request).catch(() => undefined), painter.ready()])
  if (!file) return { failed: 'unreadable' }
  const proofs: Proof[] = []
  for (const preset of request.presets) proofs.push(await prove(file, preset, request))
  return { proofs }
}

/** Decodes a file once, at a size that serves every preset. */
function open({ item, file, format, presets }: ProofRequest): Promise<Opened> {
  const known = opened.get(item)
  if (known) return known
  const wanted = (size: Size) => {
    const scaled = presets.map(({ preset }) => layOut(size, preset).scaled)
    return scaled.reduce((largest, one) => (one.width > largest.width ? one : largest))
  }
  const fresh = decode(file, wanted).then((decoded) => ({
    decoded,
    facts: { format, hasAlpha: !isOpaque(decoded.pixels) },
    grounds: new Map(),
  }))
  opened.set(item, fresh)
  for (const old of [...opened.keys()].slice(0, -KEPT_FILES)) opened.delete(old)
  return fresh
}

async function prove(
  file: Opened,
  { name, preset }: ProofRequest['presets'][number],
  { title, focus, settled }: ProofRequest,
): Promise<Proof> {
  const { size } = file.decoded
  const layout = layOut(size, preset, focus)
  const format = outputFormatOf(preset, file.facts)
  const drawn = settled ? preset : quick(preset, layout)
  const ground = groundFor(file, drawn, format, focus)
  const proof = { preset: name, layout, missing: [] as string[] }
  try {
    // The bytes of an own font are not handed out: the bundled ones stand in.
    const style = { ...titleStyleOf(preset)!, font: undefined }
    const at = focusOn(ground.layout, focus)
    const { missing, block } = await painter.set({ pictures: ground.views, title: parseTitle(title), style, focus: at })
    if (!block) return { ...proof, missing, picture: await toBitmap(ground.pixels) }
    if (!settled) return { ...proof, missing, picture: await draft(block, ground.pixels) }
    return { ...proof, missing, ...(await shipReadable(block, ground.pixels, { format, quality: preset.quality })) }
  } catch (error) {
    if (!(error instanceof ThumbsmithError)) throw error
    return { ...proof, picture: await toBitmap(ground.pixels), problem: error.message }
  }
}

/** The same preset at a size that can be drawn between two letters. */
function quick(preset: Preset, { canvas }: Layout): Preset {
  const factor = Math.sqrt(QUICK_MAX_PIXELS / (canvas.width * canvas.height))
  if (factor >= 1) return preset
  return { ...preset, width: Math.round(canvas.width * factor), height: Math.round(canvas.height * factor) }
}

/** Kept from letter to letter: only the title changes. */
function groundFor(file: Opened, preset: Preset, format: OutputFormat, focus: Focus | undefined): Ground {
  const key = JSON.stringify([preset, preset.fit === 'cover' && focus])
  const known = file.grounds.get(key)
  if (known) return known
  const ground = groundOf(file.decoded, preset, format, focus)
  file.grounds.set(key, ground)
  for (const old of [...file.grounds.keys()].slice(0, -KEPT_GROUNDS)) file.grounds.delete(old)
  return ground
}
