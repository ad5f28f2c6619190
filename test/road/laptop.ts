// A road over temporary folders for tests: the real stores, the real decoders, the real queue; only the configuration is the test's.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Catalogue, openCatalogue } from '../../src/catalogue.ts'
import { parseConfig } from '../../src/config.ts'
import { openRoad, type RunningRoad } from '../../src/hosts/road.ts'
import type { Manifest } from '../../src/manifest.ts'
import type { Log } from '../../src/road.ts'
import { readManifest } from '../../src/state.ts'

export interface LogLine {
  level: keyof Log
  message: string
  fields: Record<string, unknown>
}

export interface Laptop extends RunningRoad {
  catalogue: Catalogue
  lines: LogLine[]
  folder: string
  /** Stores an original as a foreign program would: no ticket, perhaps metadata. */
  put(key: string, bytes: Uint8Array, metadata?: Record<string, string>): Promise<void>
  /** Has one key looked at and waits until nothing runs. */
  settle(...keys: string[]): Promise<void>
  manifest(key: string): Promise<Manifest>
  /** Keys in a store but for thumbsmith's own. */
  keys(store: 'originals' | 'renditions'): Promise<string[]>
  /** Closes and opens again on the same folders, perhaps with another configuration. */
  restart(yaml?: string): Promise<Laptop>
}

export async function openLaptop(
  yaml: string,
  options: { folder?: string; decoderExecArgv?: string[] } = {},
): Promise<Laptop> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'thumbsmith-')))
  const lines: LogLine[] = []
  const at = (level: keyof Log) => (fields: object, message: string) =>
    void lines.push({ level, message, fields: fields as Record<string, unknown> })
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const config = parseConfig(yaml, 'test.yaml', {
    THUMBSMITH_ORIGINALS: `file:${folder}/originals`,
    THUMBSMITH_RENDITIONS: `file:${folder}/renditions`,
  })
  const running = await openRoad(config, log, options)
  const { road, stores, queue } = running
  const idle = async () => {
    for (let depth = await queue.depth(); depth.waiting + depth.running > 0; depth = await queue.depth())
      await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return {
    ...running,
    catalogue: openCatalogue({
      rules: road.rules,
      presets: road.presets,
      originals: stores.originals,
      state: road.state,
      queue,
      feed: road.feed,
    }),
    lines,
    folder,
    async put(key, bytes, metadata = {}) {
      await stores.originals.put(key, bytes, { contentType: 'image/jpeg', metadata })
    },
    async settle(...keys) {
      for (const key of keys) await queue.enqueue({ key })
      await idle()
    },
    async manifest(key) {
      const stored = await readManifest(road.state, key)
      if (!stored) throw new Error(`no manifest of ${key}`)
      return stored.manifest
    },
    async keys(store) {
      const heads = await stores[store].list()
      return heads.map(({ key }) => key).filter((key) => !key.startsWith('.thumbsmith/'))
    },
    async restart(next = yaml) {
      await running.close()
      return openLaptop(next, { ...options, folder })
    },
  }
}

export async function removeLaptop(laptop: Laptop): Promise<void> {
  await laptop.close()
  await rm(laptop.folder, { recursive: true, force: true })
}
