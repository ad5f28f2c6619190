// Both stores from their URLs: a folder that we serve ourselves, or a bucket that serves itself; drivers are imported only when asked for.
import { randomBytes, randomUUID } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { ThumbsmithError } from '../errors.ts'
import type { BucketEvent } from '../event/event.ts'
import type { BlobAccess, StoreName } from '../http/services.ts'
import type { Lock } from '../lock.ts'
import { RESERVED_PREFIX } from '../original.ts'
import type { Log } from '../road.ts'
import type { Config } from '../settings.ts'
import { keepsConditions, lockedStorage } from '../storage/conditions.ts'
import { ifThere, makeRoot, storageError } from '../storage/fs-durable.ts'
import { parseS3Url, type S3Location } from '../storage/s3-url.ts'
import type { Storage } from '../storage/storage.ts'
import { withIdentity } from './aws-identity.ts'

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
  if (originals.scheme === 'file' && renditions.scheme === 'file' && config.originals !== config.renditions)
    refuseNesting(originals.root, renditions.root)
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

/** The same for folders, whatever links lead to them. */
function refuseNesting(originals: string, renditions: string): void {
  const [a, b] = [realFolder(originals), realFolder(renditions)]
  if (a === b)
    throw invalid(
      `THUMBSMITH_ORIGINALS and THUMBSMITH_RENDITIONS both lead to ${a}. Write both URLs alike, or name two.`,
    )
  if (liesIn(a, b) || liesIn(b, a))
    throw invalid(
      `THUMBSMITH_ORIGINALS and THUMBSMITH_RENDITIONS overlap: one of ${a} and ${b} lies in the other. Put them side by side.`,
    )
}

function liesIn(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way.split(sep)[0] !== '..' && !isAbsolute(way)
}

/** Where a folder is, or will be once it is made. */
function realFolder(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realFolder(parent), basename(path))
  }
}

/** One and the same store where both URLs lead to the same place. */
export async function openStores(
  config: Config,
  log: Log,
  /** Beside the process that owns the folders. */
  { isReadOnly = false } = {},
): Promise<Stores> {
  const places = placesOf(config)
  const served: Stores['served'] = {}
  let secret: Uint8Array | undefined
  const openStore = async (name: StoreName): Promise<Storage> => {
    const place = places[name]
    if (place.scheme === 's3')
      return (await import('../storage/s3.ts')).s3Storage(withIdentity(place.location, process.env))
    const { fsStorage } = await import('../storage/fs.ts')
    const { root } = place
    // Who only reads signs nothing that anybody takes.
    const makeSecret = () => (isReadOnly ? Promise.resolve(randomBytes(32)) : ownSecret(root))
    secret ??= config.secret ? Buffer.from(config.secret) : await makeSecret()
    const onWarning = (message: string) => log.warn({}, message)
    const store = await fsStorage({ root, name, secret, onWarning, isReadOnly })
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

/**
 * With a lock in place of conditional writes where the bucket of the state knows none. Another bucket is taken to be of the same kind: in
 * the originals we write only what we must.
 */
export async function withConditions(stores: Stores, lock: Lock, log: Log): Promise<Stores> {
  const { originals, renditions, served } = stores
  if (served.renditions || (await keepsConditions(renditions, `${RESERVED_PREFIX}conditions/${randomUUID()}`)))
    return stores
  log.info({ store: renditions.url }, 'this store knows no conditional writes; a lock stands in for them')
  const locked = lockedStorage(renditions, lock)
  const other = served.originals ? originals : lockedStorage(originals, lock)
  return { ...stores, renditions: locked, originals: originals === renditions ? locked : other }
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

const SECRET_BYTES = 32

/** The secret that was made at first start: readable by the owner of the folder only. */
async function ownSecret(root: string): Promise<Uint8Array> {
  const folder = join(root, '.thumbsmith-store')
  const file = join(folder, 'secret')
  try {
    await makeRoot(root)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const known = await ifThere(readFile(file))
    if (known && known.length >= SECRET_BYTES) return known
    // Whole or not at all. One that a power cut has left half has signed nothing.
    const made = `${file}-${randomUUID()}`
    const handle = await open(made, 'wx', 0o600)
    await handle.writeFile(randomBytes(SECRET_BYTES).toString('hex'))
    await handle.sync()
    await handle.close()
    await rename(made, file)
    return await readFile(file)
  } catch (error) {
    throw storageError(error, root)
  }
}
