// The log notifier: writes each notification as one line of the log.
import type { Notifier } from './notifier.ts'

export function logNotifier(name: string, log: { info(fields: object, message: string): void }): Notifier {
  return {
    name,
    async send({ id, outcome, subject, text, manifest }) {
      log.info({ notification: id, outcome, key: manifest.key, text }, subject)
    },
  }
}
