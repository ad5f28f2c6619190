// How V8 collects garbage in a process that passes pictures on: each is megabytes that are soon gone, beside a small heap that stays.
import { setFlagsFromString } from 'node:v8'

/**
 * By itself V8 goes through the whole heap once for every picture, which costs a third of a render. Three times what lives may now be in
 * use before it does, some 100 MB. The flag is V8's own: where a later one does not know it, things are as they were.
 */
export function collectSeldom(): void {
  setFlagsFromString('--heap-growing-percent=200')
}
