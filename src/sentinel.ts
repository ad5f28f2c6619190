// The sentinel: an object in the originals store whose absence means "this is not the store we know", so an unmounted folder is not an empty one.
import { ThumbsmithError } from './errors.ts'
import { RESERVED_PREFIX } from './original.ts'
import { readAll, type Storage } from './storage/storage.ts'

const IN_ORIGINALS = `${RESERVED_PREFIX}sentinel`
const IN_STATE = `${RESERVED_PREFIX}originals-sentinel`

/** At start: marks a store that was never used. One that was used and lost its sentinel is left as it is. */
export async function ensureSentinel(originals: Storage, state: Storage): Promise<void> {
  if (await state.head(IN_STATE)) return
  const id = Buffer.from(crypto.randomUUID())
  await putOnce(originals, IN_ORIGINALS, id)
  await putOnce(state, IN_STATE, (await read(originals, IN_ORIGINALS)) ?? id)
}

/** Is the originals store the one this state belongs to? Only then is a missing original really gone. */
export async function originalsArePresent(originals: Storage, state: Storage): Promise<boolean> {
  const [there, known] = await Promise.all([read(originals, IN_ORIGINALS), read(state, IN_STATE)])
  return there !== undefined && known !== undefined && Buffer.compare(there, known) === 0
}

/** Takes the present originals store for the right one again, after a person has said so. */
export async function adoptOriginals(originals: Storage, state: Storage): Promise<void> {
  await state.delete(IN_STATE)
  await ensureSentinel(originals, state)
}

async function read(storage: Storage, key: string): Promise<Uint8Array | undefined> {
  const body = await storage.get(key)
  return body && (await readAll(body.stream, 1000))
}

async function putOnce(storage: Storage, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await storage.put(key, bytes, { contentType: 'text/plain', ifNoneMatch: '*' })
  } catch (error) {
    if (!(error instanceof ThumbsmithError) || error.code !== 'storage.precondition_failed') throw error
  }
}
