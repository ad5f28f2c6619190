// The notifier port: word to a person or system about an original that has settled.
import type { Manifest } from '../manifest.ts'

/** Sent at least once; receivers dedupe by `id`, which is stable per original version. */
export interface Notification {
  id: string
  at: string
  outcome: 'ready' | 'partial' | 'failed'
  /** One line, and a few lines, for people. */
  subject: string
  text: string
  manifest: Manifest
}

export interface Notifier {
  /** Its name in the configuration and on the manifest. */
  readonly name: string
  /** Throws `notifier.unavailable` to be asked again later. */
  send(notification: Notification): Promise<void>
}
