// What the road runs on: rules, stores, a renderer, the feed and a log.
import type { Feed } from './feed.ts'
import type { Preset } from './preset.ts'
import type { Renderer } from './render/renderer.ts'
import type { Stores } from './rendition.ts'
import type { Rule } from './rule.ts'
import type { Storage } from './storage/storage.ts'

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the road runs on. */
export interface Road {
  rules: Rule[]
  presets: Record<string, Preset>
  limits: { uploadMaxBytes: number; rendersPerDay: number }
  stores: Stores
  state: Storage
  renderer: Renderer
  feed: Feed
  log: Log
  /** Names this process in claims: it never works twice on one key at once, so a claim of its own that it meets is a leftover. */
  instance: string
  /** Whether another process of this name is at work. A claim of one that is not there is a leftover. */
  isPresent(instance: string): Promise<boolean>
}
