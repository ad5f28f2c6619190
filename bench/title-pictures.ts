// The pictures that titles are judged on: photographs and drawings of two Debian packages, fetched at run time and never kept, and computed ones.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import sharp, { type Sharp } from 'sharp'
import type { Raw } from '../src/render/raw.ts'
import { adversaries } from '../test/fixtures/adversaries.ts'
import { picture } from '../test/fixtures/pictures.ts'
import { CACHE } from './inputs.ts'

const run = promisify(execFile)
export const TITLE_CACHE = join(CACHE, 'title')
const PACKAGES = ['mate-backgrounds', 'plasma-workspace-wallpapers']
export const WIDTH = 1280
export const HEIGHT = 720

export interface TitlePicture {
  name: string
  kind: 'photograph' | 'computed'
  load(): Promise<Raw>
}

async function fetchPackage(name: string): Promise<string> {
  const folder = join(TITLE_CACHE, name)
  if (existsSync(folder)) return folder
  const work = await mkdtemp(join(tmpdir(), 'title-pictures-'))
  try {
    await run('apt-get', ['download', name], { cwd: work, timeout: 180_000 })
    await run('sh', ['-c', `dpkg -x ${name}_*.deb out`], { cwd: work })
    await mkdir(TITLE_CACHE, { recursive: true })
    await run('cp', ['-r', join(work, 'out'), `${folder}.next`])
    await rename(`${folder}.next`, folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return folder
}

/** One file per wallpaper: the packages hold each in many sizes. */
async function wallpapersIn(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(
    (entry) => entry.isFile() && /\.(jpe?g|png)$/i.test(entry.name) && !/screenshot/i.test(entry.name),
  )
  const chosen = new Map<string, { path: string; bytes: number }>()
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name)
    const [, wallpaper, variant] = /([^/]+)\/contents\/(images[^/]*)/.exec(path) ?? []
    const key = wallpaper
      ? `${wallpaper}${variant!.replace('images', '').replace('_', '-')}`
      : basename(name).replace(/(_\d+x\d+)?\.\w+$/, '')
    const bytes = (await stat(path)).size
    const before = chosen.get(key)
    if (!before || bytes > before.bytes) chosen.set(key, { path, bytes })
  }
  return new Map([...chosen].map(([key, { path }]) => [key, path] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
}

const toRaw = async (pipeline: Sharp): Promise<Raw> => ({
  data: await pipeline
    .resize(WIDTH, HEIGHT, { fit: 'cover' })
    .flatten()
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer(),
  width: WIDTH,
  height: HEIGHT,
  channels: 3,
})

/** The wallpapers are large: each is scaled once. */
async function scaled(name: string, path: string): Promise<Raw> {
  const folder = join(TITLE_CACHE, `${WIDTH}x${HEIGHT}`)
  const file = join(folder, `${name}.png`)
  if (!existsSync(file)) {
    const { data, width, height, channels } = await toRaw(sharp(path))
    await mkdir(folder, { recursive: true })
    await sharp(data, { raw: { width, height, channels } }).png({ compressionLevel: 1 }).toFile(`${file}.next`)
    await rename(`${file}.next`, file)
  }
  return toRaw(sharp(file))
}

export async function titlePictures(): Promise<TitlePicture[]> {
  const pictures: TitlePicture[] = []
  for (const name of PACKAGES)
    for (const [wallpaper, path] of await wallpapersIn(await fetchPackage(name)))
      pictures.push({ name: wallpaper, kind: 'photograph', load: () => scaled(wallpaper, path) })
  for (const [name, { data }] of Object.entries(adversaries(WIDTH, HEIGHT))) {
    const raw: Raw = { data: Buffer.from(data), width: WIDTH, height: HEIGHT, channels: 3 }
    pictures.push({ name, kind: 'computed', load: async () => raw })
  }
  for (let seed = 1; seed <= 4; seed++)
    pictures.push({
      name: `scene-${seed}`,
      kind: 'computed',
      load: () => toRaw(picture({ width: WIDTH, height: HEIGHT, seed })),
    })
  return pictures
}

export const TITLES = {
  english: '10 Things Nobody Told You About Rust',
  long: 'Everything you always wanted to know about photographs, thumbnails and titles, and what nobody ever told you about the letters that stand on top',
  arabic: 'مرحبا بكم في عالم البرمجة الجديد',
  hindi: 'प्रोग्रामिंग के बारे में दस बातें',
  japanese: '誰も教えてくれなかった十の秘密',
  korean: '아무도 말해 주지 않은 열 가지',
  thai: 'สิบเรื่องที่ไม่มีใครเคยบอกคุณ',
  emoji: 'My 🦀 ate the 🍕 👨‍👩‍👧‍👦 !',
}
