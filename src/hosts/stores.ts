// Both stores from their URLs: a folder that we serve ourselves, or a bucket that serves itself; drivers are imported only when asked for.
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config.ts'
import { ThumbsmithError } from '../errors.ts'
import type { BucketEvent } from '../event/event.ts'
import type { BlobAccess, StoreName } from '../http/services.ts'
import type { Log } from '../road.ts'
import { parseS3Url, type S3Location } from '../storage/s3-url.ts'
import type { Storage } from '../storage/storage.ts'

export interface Stores {
  originals: Storage
  renditions: Storage
  /** Those whose tickets and links lead to ourselves. */
  served: Partial<Record<StoreName, BlobAccess>>
  /** The key in the originals store that an event is about; `undefined` where it is about another. */
  keyOf(event: BucketEvent): string | undefined
  close(): Promise<void>
}

export type Place = { scheme: 'file'; root: string } | { scheme: 's3'; location: S3Location }

const invalid = (message: string) => new ThumbsmithError('config.invalid', message)

/** Never repeats the URL: there may be a password in it. */
export function parseUrl(variable: string, url: string, schemes: string[]): { scheme: string; rest: string } {
  const [, scheme, rest] = /^([a-z0-9+]+):(.*)$/s.exec(url) ?? []
  if (scheme === undefined || !schemes.includes(scheme)) {
    const begins = rest?.startsWith('//') ? `begins with ${scheme}:` : 'begins with no scheme that is known here'
    throw invalid(`${variable} ${begins}. It must begin with ${schemes.map((known) => `${known}:`).join(' or ')}`)
  }
  return { scheme, rest: rest! }
}

/** Where each store is. The folder of a `file:` URL is relative to where the program was started. */
export function placesOf(config: Pick<Config, 'originals' | 'renditions'>): Record<StoreName, Place> {
  const originals = placeOf('THUMBSMITH_ORIGINALS', config.originals)
  const renditions = placeOf('THUMBSMITH_RENDITIONS', config.renditions)
  if (originals.scheme === 's3' && renditions.scheme === 's3' && config.originals !== config.renditions)
    refuseOverlap(originals.location, renditions.location)
  return { originals, renditions }
}

function placeOf(variable: string, url: string): Place {
  const { scheme, rest } = parseUrl(variable, url, ['file', 's3'])
  if (scheme === 's3') return { scheme, location: parseS3Url(variable, url) }
  if (rest === '') throw invalid(`${variable} is "${url}", without a folder. Write for example file:./data/originals`)
  return { scheme: 'file', root: resolve(rest.replace(/^\/\/(?=\/)/, '')) }
}

/** What is written into the inner store would be listed as originals of the outer one. One store for both is known by its one URL. */
function refuseOverlap(originals: S3Location, renditions: S3Location): void {
  if (originals.bucket !== renditions.bucket || originals.endpoint !== renditions.endpoint) return
  if (!originals.prefix.startsWith(renditions.prefix) && !renditions.prefix.startsWith(originals.prefix)) return
  throw invalid(
    `THUMBSMITH_ORIGINALS and THUMBSMITH_RENDITIONS overlap in the bucket ${originals.bucket}. Give each a prefix of its own, or write both URLs alike.`,
  )
}

/** One and the same store where both URLs lead to the same place. */
export async function openStores(config: Config, log: Log): Promise<Stores> {
  const places = placesOf(config)
  const served: Stores['served'] = {}
  let secret: Uint8Array | undefined
  const openStore = async (name: StoreName): Promise<Storage> => {
    const place = places[name]
    if (place.scheme === 's3') return (await import('../storage/s3.ts')).s3Storage(place.location)
    const { fsStorage } = await import('../storage/fs.ts')
    secret ??= config.secret ? Buffer.from(config.secret) : await ownSecret(place.root)
    const onWarning = (message: string) => log.warn({}, message)
    const store = await fsStorage({ root: place.root, name, secret, onWarning })
    served[name] = store
    return store
  }
  const originals = await openStore('originals')
  const isOne = isDeepStrictEqual(places.originals, places.renditions)
  if (isOne && served.originals) served.renditions = served.originals
  const renditions = isOne
    ? originals
    : await openStore('renditions').catch(async (error) => {
        await originals.close?.()
        throw error
      })
  return {
    originals,
    renditions,
    served,
    keyOf: (event) => keyAt(places.originals, event),
    async close() {
      await Promise.all([...new Set([originals, renditions])].map(async (store) => store.close?.()))
    },
  }
}

function keyAt(place: Place, { bucket, key }: BucketEvent): string | undefined {
  if (place.scheme === 'file' || bucket !== place.location.bucket) return undefined
  return key.startsWith(place.location.prefix) ? key.slice(place.location.prefix.length) || undefined : undefined
}

/** Where the links of the stores lead to, but for those that we serve ourselves. */
export async function linkOrigins({ originals, renditions }: Stores): Promise<string[]> {
  const links = [originals, renditions].map((store) => store.signDownload('any', { expiresInSeconds: 60 }))
  const elsewhere = (await Promise.all(links)).filter((link) => !link.startsWith('/'))
  return [...new Set(elsewhere.map((link) => new URL(link).origin))]
}

/** The secret that was made at first start: readable by the owner of the folder only. */
async function ownSecret(root: string): Promise<Uint8Array> {
  const folder = join(root, '.thumbsmith-store')
  const file = join(folder, 'secret')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    const handle = await open(file, 'wx', 0o600)
    await handle.writeFile(randomBytes(32).toString('hex'))
    await handle.sync()
    await handle.close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFile(file)
}
