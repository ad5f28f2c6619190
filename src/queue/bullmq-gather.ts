// What is said again and again: one word to the engine at a time for each name, so that a store that repeats an event without a pause costs next to nothing.
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs `say` at once for a name that was quiet, and again at most every `everyMs`; what comes up meanwhile is one word, which is said after
 * the last of those who asked for it. All of them get its answer.
 */
export function gather(say: () => Promise<void>, name: string, said: Said, everyMs: number): Promise<void> {
  const before = said.get(name)
  if (before) {
    before.next ??= before.quiet.then(() => start(say, name, said, everyMs))
    return before.next
  }
  return start(say, name, said, everyMs)
}

/** What was said of each name a moment ago. */
export type Said = Map<string, { quiet: Promise<unknown>; next?: Promise<void> }>

function start(say: () => Promise<void>, name: string, said: Said, everyMs: number): Promise<void> {
  const answer = say()
  const entry: { quiet: Promise<unknown>; next?: Promise<void> } = {
    quiet: Promise.allSettled([answer, sleep(everyMs, undefined, { ref: false })]),
  }
  said.set(name, entry)
  void entry.quiet.then(() => {
    if (!entry.next) said.delete(name)
  })
  return answer
}
