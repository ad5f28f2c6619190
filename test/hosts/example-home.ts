// The home on which the stories of the examples run: the laptop, or a cluster on real servers where TEST_CLUSTER names its engine.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { listAll, readAll, type Storage } from '../../src/storage/storage.ts'
import { openStand } from '../cluster/stand.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { openTestS3 } from '../servers/s3.ts'
import { filesIn, type Home, openHome } from './harness.ts'

/** A store as other programs see it: no tickets, no metadata, no word to thumbsmith. */
export interface TestStore {
  /** In order, without thumbsmith's own. */
  keys(): Promise<string[]>
  get(key: string): Promise<Buffer<ArrayBuffer>>
  put(key: string, bytes: Uint8Array): Promise<void>
  remove(key: string): Promise<void>
}

export interface ExampleHome extends Home {
  originals: TestStore
  renditions: TestStore
}

export interface ExampleOptions {
  config: string
  env?: Record<string, string>
  /** One folder or bucket for originals and renditions. */
  oneStore?: boolean
}

export const isLaptop = !process.env.TEST_CLUSTER
const ENGINES = { redis: startRedis, postgres: startPostgres }

export const openExampleHome = (options: ExampleOptions): Promise<ExampleHome> =>
  isLaptop ? openOnLaptop(options) : openOnCluster(options, ENGINES[process.env.TEST_CLUSTER as keyof typeof ENGINES])

/** A property of the home may change with each life of its server, so all of them are asked for, not copied. */
const withStores = (home: Home, stores: Pick<ExampleHome, 'originals' | 'renditions'>, close: Home['close']) =>
  Object.defineProperties({ ...stores, close } as ExampleHome, {
    ...without(Object.getOwnPropertyDescriptors(home), 'close'),
  })

function without<T extends object, K extends keyof T>(all: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = all
  return rest
}

async function openOnLaptop({ config, env = {}, oneStore }: ExampleOptions): Promise<ExampleHome> {
  const bucket = 'file:./data/bucket'
  const one: Record<string, string> = oneStore ? { THUMBSMITH_ORIGINALS: bucket, THUMBSMITH_RENDITIONS: bucket } : {}
  const home = await openHome({ config, env: { ...env, ...one } })
  const storeIn = (name: string) => folderStore(join(home.folder, 'data', oneStore ? 'bucket' : name))
  return withStores(home, { originals: storeIn('originals'), renditions: storeIn('renditions') }, home.close)
}

function folderStore(folder: string): TestStore {
  return {
    keys: () => filesIn(folder),
    get: (key) => readFile(join(folder, key)),
    async put(key, bytes) {
      await mkdir(dirname(join(folder, key)), { recursive: true })
      await writeFile(join(folder, key), bytes)
    },
    remove: (key) => rm(join(folder, key)),
  }
}

async function openOnCluster(
  { config, env = {}, oneStore = false }: ExampleOptions,
  startEngine: typeof startRedis | typeof startPostgres,
): Promise<ExampleHome> {
  const [s3, engine] = await Promise.all([openTestS3(), startEngine()])
  const stand = await openStand({ s3, queue: engine.url, config, env, oneStore })
  const [home, worker] = await Promise.all([stand.openServer(), stand.openWorker()])
  worker.onLine = (line) => {
    if (line.startsWith('{')) home.log.push(JSON.parse(line))
  }
  const stores = { originals: bucketStore(stand.originals.storage), renditions: bucketStore(stand.renditions.storage) }
  return withStores(home, stores, async () => {
    await stand.close()
    await engine.close()
    await s3.stop()
  })
}

function bucketStore(storage: Storage): TestStore {
  return {
    async keys() {
      const keys: string[] = []
      for await (const { key } of listAll(storage)) if (!key.startsWith('.thumbsmith/')) keys.push(key)
      return keys.sort()
    },
    async get(key) {
      const body = await storage.get(key)
      if (!body) throw new Error(`There is no ${key}.`)
      return Buffer.from(await readAll(body.stream, 100_000_000))
    },
    async put(key, bytes) {
      await storage.put(key, bytes, { contentType: 'application/octet-stream' })
    },
    remove: (key) => storage.delete(key),
  }
}
