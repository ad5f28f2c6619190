// `thumbsmith doctor`: checks everything thumbsmith stands on, one line each, and says what to do about what is wrong.
import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../config.ts'
import { ThumbsmithError, toThumbsmithError } from '../errors.ts'
import { RESERVED_PREFIX } from '../original.ts'
import { evictionPolicy } from '../queue/redis-policy.ts'
import { originalsArePresent } from '../sentinel.ts'
import type { Config } from '../settings.ts'
import { keepsConditions } from '../storage/conditions.ts'
import { ownerOfFolder } from '../storage/fs-folder.ts'
import type { Storage } from '../storage/storage.ts'
import { engineOf, openQueue, sqsUrlsOf } from './engine.ts'
import { openNotifiers } from './open.ts'
import { openStores, type Place, placesOf, type Stores } from './stores.ts'
import { VERSION } from './version.ts'

/** What a check found: a short fact, or what is wrong and the mend. */
type Finding = { ok: string } | { wrong: string; mend: string }

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Prints the findings. Returns the exit code: 1 where anything is wrong. */
export async function doctor(env: Record<string, string | undefined>): Promise<number> {
  let wrong = 0
  const check = async (name: string, run: () => Promise<Finding>): Promise<void> => {
    const finding = await run().catch((thrown): Finding => {
      const error = toThumbsmithError(thrown)
      return { wrong: error.message, mend: error.detail?.split('\n')[0] ?? 'See the message.' }
    })
    if ('ok' in finding) process.stdout.write(`ok     ${name}: ${finding.ok}\n`)
    else {
      wrong++
      process.stdout.write(
        `WRONG  ${name}: ${finding.wrong.replaceAll('\n', '\n         ')}\n       -> ${finding.mend}\n`,
      )
    }
  }
  process.stdout.write(`thumbsmith ${VERSION}\n`)
  await check('Node', checkNode)
  await check('sharp', checkSharp)
  await check('loader block', checkLoaders)
  await check('fonts', checkFonts)
  await check('dashboard', checkDashboard)
  let config: Config | undefined
  await check('configuration', async () => {
    try {
      config = readConfig(env)
      await openNotifiers(config, silent)
      return { ok: `${config.file}, ${Object.keys(config.presets).length} presets, ${config.rules.length} rules` }
    } catch (error) {
      if (!(error instanceof ThumbsmithError)) throw error
      return { wrong: error.message, mend: 'Mend each line above, then run doctor again.' }
    }
  })
  if (config) {
    const known = config
    await check('own fonts', () => checkOwnFonts(known))
    await checkStores(known, check)
    await check('queue', () => checkQueue(known))
  }
  process.stdout.write(
    wrong ? `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.\n` : 'Everything is as it should be.\n',
  )
  return wrong ? 1 : 0
}

async function checkNode(): Promise<Finding> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const fact = `${process.versions.node} on ${process.platform} ${process.arch}`
  if (major > 20 || (major === 20 && minor >= 19)) return { ok: fact }
  return { wrong: `${fact} is too old.`, mend: 'Install Node 24 (or 22, or at least 20.19).' }
}

async function checkSharp(): Promise<Finding> {
  try {
    const { default: sharp } = await import('sharp')
    return { ok: `${sharp.versions.sharp} with libvips ${sharp.versions.vips}` }
  } catch (error) {
    return {
      wrong: `sharp cannot be loaded: ${(error as Error).message.split('\n')[0]}`,
      mend: 'Run `npm ci --include=optional` on this machine: its binary is made for one kind of processor.',
    }
  }
}

async function checkLoaders(): Promise<Finding> {
  const { guardLoaders } = await import('../render/loaders.ts')
  await guardLoaders()
  return { ok: 'only the accepted formats can be opened' }
}

async function checkFonts(): Promise<Finding> {
  const [{ PACKAGES, readFaces }, { readPackageFile }] = await Promise.all([
    import('../title/faces.ts'),
    import('../render/title.ts'),
  ])
  const faces = await Promise.all(PACKAGES.map((source) => readFaces(source, readPackageFile)))
  const files = [...new Set(faces.flat().map(({ path }) => path))]
  const readable = await Promise.all(
    files.map((file) =>
      readPackageFile(file).then(
        () => true,
        () => false,
      ),
    ),
  )
  const missing = files.filter((_, i) => !readable[i])
  if (missing.length)
    return {
      wrong: `${missing.length} of ${files.length} font files cannot be read, e.g. ${missing[0]}`,
      mend: 'Run `npm ci` again.',
    }
  const absent = PACKAGES.filter((_, index) => faces[index]!.length === 0)
  const wanted = absent.map(({ optional, name }) => `; for ${optional} titles: npm install ${name}`)
  return { ok: `${files.length} files${wanted.join('')}` }
}

async function checkOwnFonts({ presets }: Config): Promise<Finding> {
  const { unreadableFonts } = await import('./own-fonts.ts')
  const { count, unreadable } = await unreadableFonts(presets)
  if (unreadable.length === 0) return { ok: count === 0 ? 'none' : `${count}, readable` }
  return {
    wrong: `the font of ${unreadable.join(', ')} cannot be read.`,
    mend: 'Put a whole TTF, OTF or WOFF2 file in its place.',
  }
}

async function checkDashboard(): Promise<Finding> {
  if (existsSync(fileURLToPath(new URL('../../dist/web/index.html', import.meta.url)))) return { ok: 'built' }
  return { wrong: 'it was not built, so the page is not served.', mend: 'Run `npm run build`.' }
}

async function checkStores(
  config: Config,
  check: (name: string, run: () => Promise<Finding>) => Promise<void>,
): Promise<void> {
  let stores: Stores
  let places: ReturnType<typeof placesOf>
  let owner: string | undefined
  try {
    places = placesOf(config)
    const roots = Object.values(places).flatMap((place) => (place.scheme === 'file' ? [place.root] : []))
    owner = (await Promise.all(roots.map(ownerOfFolder))).find((found) => found !== undefined)
    stores = await openStores(config, silent, { isReadOnly: owner !== undefined })
  } catch (thrown) {
    return check('stores', () => Promise.reject(thrown))
  }
  const { originals, renditions } = stores
  try {
    const engine = engineOf(config)?.kind
    const checkStore = (storage: Storage, place: Place) =>
      place.scheme === 's3' ? checkBucket(storage, engine) : checkFolder(storage, place.root, owner)
    await check('originals store', () => checkStore(originals, places.originals))
    await check('renditions store', () => checkStore(renditions, places.renditions))
    const isNew = await renditions.list({ prefix: RESERVED_PREFIX, limit: 1 }).then(
      (found) => found.length === 0,
      () => true,
    )
    if (!isNew)
      await check('originals are the known ones', async () => {
        if (await originalsArePresent(originals, renditions)) return { ok: 'yes' }
        return {
          wrong: 'this originals store is not the one that the state belongs to, so nothing is removed.',
          mend: 'Mount the right one; or, if it was moved on purpose, run `thumbsmith apply --adopt`.',
        }
      })
  } finally {
    await stores.close()
  }
}

const PROBE_KEY = '.thumbsmith/doctor'
const FREE_MIN_SHARE = 0.05

async function checkBucket(storage: Storage, engine: string | undefined): Promise<Finding> {
  const wrong = await wrongWithWriting(storage)
  if (wrong) return wrong
  if (await keepsConditions(storage, PROBE_KEY)) return { ok: storage.url }
  const fact = `${storage.url} does not know conditional writes, by which workers keep out of each other's way`
  if (engine) return { ok: `${fact}: a lock in ${engine} stands in` }
  return {
    wrong: `${fact}.`,
    mend: 'Run one server and no other worker on it; share a queue on Redis or PostgreSQL, where a lock stands in; or use a store that knows them (AWS, Ceph and most others do).',
  }
}

/** A folder that somebody works on is only looked at; any other store is written to. */
async function checkFolder(storage: Storage, root: string, owner: string | undefined): Promise<Finding> {
  const inUse = owner === undefined ? '' : `; only looked at, for ${owner} works on it`
  if (inUse) await storage.list({ limit: 1 })
  const wrong = inUse ? undefined : await wrongWithWriting(storage)
  if (wrong) return wrong
  const { bavail, blocks, bsize } = await statfs(root)
  const free = `${((bavail * bsize) / 1e9).toFixed(1)} GB free`
  if (bavail / blocks < FREE_MIN_SHARE)
    return { wrong: `${storage.url} is nearly full: ${free}.`, mend: 'Free some space, or move the store.' }
  return { ok: `${storage.url}, ${free}${inUse}` }
}

/** Writes, reads back and deletes one object. */
async function wrongWithWriting(storage: Storage): Promise<Finding | undefined> {
  const bytes = Buffer.from(crypto.randomUUID())
  const { etag } = await storage.put(PROBE_KEY, bytes, { contentType: 'text/plain' })
  const head = await storage.head(PROBE_KEY)
  await storage.delete(PROBE_KEY)
  if (head?.etag === etag && head.bytes === bytes.length) return undefined
  return {
    wrong: `${storage.url} does not give back what was written.`,
    mend: 'Use a local disk, or another kind of store.',
  }
}

async function checkQueue(config: Config): Promise<Finding> {
  const engine = engineOf(config) ?? (sqsUrlsOf(config) === undefined ? undefined : { name: 'jobs', kind: 'SQS' })
  if (!engine) return { ok: 'within the process' }
  try {
    const queue = await openQueue(config, 1, silent)
    try {
      const { waiting, running } = await queue.depth()
      const shared = engineOf(config)
      const policy = shared?.kind === 'redis' ? await evictionPolicy(shared.url) : undefined
      if (policy !== undefined && policy !== 'noeviction')
        return {
          wrong: `Redis throws jobs away when its memory is full: its maxmemory-policy is ${policy}.`,
          mend: 'Set maxmemory-policy to noeviction, in redis.conf or on its command line.',
        }
      return { ok: `${engine.name} on ${engine.kind}, ${waiting} jobs wait, ${running} run` }
    } finally {
      await queue.close()
    }
  } catch (thrown) {
    const { message, detail } = toThumbsmithError(thrown)
    return { wrong: message, mend: `Start it, or mend THUMBSMITH_QUEUE (${detail ?? 'no more is known'}).` }
  }
}
