// A real PostgreSQL for tests: Debian's, on a free loopback port, that can be stopped, started and emptied.
import { type ChildProcess, spawn } from 'node:child_process'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { endDaemon, ensureInstalled, freePort, run, until } from './daemon.ts'
import type { EngineServer } from './engine.ts'

const DEBIAN = '/usr/lib/postgresql'

export async function startPostgres(): Promise<EngineServer> {
  await ensureInstalled(['postgres'], ['postgresql'], await binaryFolders())
  const [binaries] = await binaryFolders()
  const program = (name: string) => (binaries ? join(binaries, name) : name)
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'))
  const asUser = await notRoot()
  if (asUser) await chown(folder, asUser.uid, asUser.gid)
  const data = join(folder, 'data')
  const init = ['-D', data, '-U', 'thumbsmith', '--auth=trust', '--encoding=UTF8', '--no-sync']
  await run(program('initdb'), init, asUser ?? {})

  const port = await freePort()
  const url = `postgres://thumbsmith@127.0.0.1:${port}/postgres`
  let child: ChildProcess | undefined

  async function query(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query(text)
    } finally {
      await client.end()
    }
  }

  async function start(): Promise<void> {
    const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', folder, '-c', 'fsync=off']
    child = spawn(program('postgres'), args, { stdio: 'ignore', ...asUser })
    await until('PostgreSQL answers', async () => {
      await query('SELECT 1')
      return true
    })
  }
  const stop = async () => {
    // "Fast" shutdown: open connections are cut.
    if (child) await endDaemon(child, 'SIGINT')
  }

  await start()
  return {
    url,
    start,
    stop,
    cutOff: (instance) =>
      query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'thumbsmith ${instance}'`),
    flush: () =>
      query(`DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
          WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'migration'
        LOOP EXECUTE 'TRUNCATE ' || name || ' CASCADE'; END LOOP; END $$`),
    async close() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Newest first. */
async function binaryFolders(): Promise<string[]> {
  const versions = await readdir(DEBIAN).catch(() => [])
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN, version, 'bin'))
}

/** PostgreSQL refuses to run as root; the package made a user for it. */
async function notRoot(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => (await run('id', [flag, 'postgres'])).stdout))
  return { uid: Number(uid), gid: Number(gid) }
}
