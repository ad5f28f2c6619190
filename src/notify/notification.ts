// What a notification says: one line and a few lines about an original that has settled.
import { createHash } from 'node:crypto'
import { type Manifest, stateOf } from '../manifest.ts'
import type { Notification } from './notifier.ts'

/** Stable per version of an original, whatever is rendered how often. */
export function notificationId(manifest: Manifest): string {
  return createHash('sha256')
    .update(JSON.stringify([manifest.key, manifest.original.etag]))
    .digest('hex')
    .slice(0, 32)
}

export function outcomeOf(manifest: Manifest): Notification['outcome'] {
  const state = stateOf(manifest)
  return state === 'ready' || state === 'partial' ? state : 'failed'
}

const SUBJECTS = {
  ready: (name: string, count: number) => `${name}: ${count} ${count === 1 ? 'rendition is' : 'renditions are'} ready`,
  partial: (name: string) => `${name}: some renditions failed`,
  failed: (name: string) => `${name}: could not be rendered`,
}

export function notificationOf(manifest: Manifest, owed: Manifest['owed'][number]): Notification {
  const name = manifest.key.slice(manifest.key.lastIndexOf('/') + 1)
  const renditions = Object.entries(manifest.renditions)
  const lines = renditions.map(([preset, { object, error }]) =>
    error || !object
      ? `- ${preset}: ${error?.message ?? 'not rendered'}`
      : `- ${preset}: ${object.key} (${object.width} x ${object.height}, ${object.bytes} bytes, ${object.contentType})`,
  )
  const text = [
    `Original: ${manifest.key} (${manifest.original.bytes} bytes)`,
    ...(manifest.error ? [manifest.error.message] : []),
    ...lines,
  ].join('\n')
  return {
    id: owed.id,
    at: owed.at,
    outcome: owed.outcome,
    subject: SUBJECTS[owed.outcome](name, renditions.length),
    text,
    manifest,
  }
}

/** The same for machines, as JSON: what settled and how, with where each rendition is. */
export function machineWordOf({ id, at, outcome, manifest }: Notification) {
  return {
    type: `original.${outcome}`,
    timestamp: at,
    data: {
      id,
      key: manifest.key,
      owner: manifest.owner,
      outcome,
      ...(manifest.error && { error: manifest.error }),
      renditions: Object.entries(manifest.renditions).map(([preset, { state, object, error }]) => ({
        preset,
        state,
        ...(object && {
          key: object.key,
          width: object.width,
          height: object.height,
          bytes: object.bytes,
          contentType: object.contentType,
        }),
        ...(error && { error }),
      })),
    },
  }
}
