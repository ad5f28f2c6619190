// A real Redis for tests: Debian's, on a free loopback port, that can be stopped, started, frozen and emptied.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { endDaemon, ensureInstalled, freePort, until } from './daemon.ts'
import type { EngineServer } from './engine.ts'

export interface RedisServer extends EngineServer {
  /** Connections stay open, and nothing answers. */
  freeze(): void
  thaw(): void
}

/** `policy`: what it does when its memory is full. */
export async function startRedis(policy = 'noeviction'): Promise<RedisServer> {
  await ensureInstalled(['redis-server'], ['redis-server'])
  const folder = await mkdtemp(join(tmpdir(), 'redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let child: ChildProcess | undefined

  async function withClient<T>(use: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null })
    client.on('error', () => {})
    try {
      return await use(client)
    } finally {
      client.disconnect()
    }
  }

  async function start(): Promise<void> {
    // As compose.yaml runs it: what was accepted survives a restart, and nothing is evicted.
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
    const kept = ['--appendonly', 'yes', '--maxmemory-policy', policy]
    child = spawn('redis-server', [...args, ...kept], { stdio: 'ignore' })
    await until('Redis answers', () => withClient(async (client) => (await client.ping()) === 'PONG'))
  }
  const stop = async () => {
    if (child) await endDaemon(child)
  }

  await start()
  return {
    url,
    start,
    stop,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    // All who speak: in Redis they have no names.
    cutOff: () => withClient(async (client) => void (await client.call('CLIENT', 'KILL', 'TYPE', 'normal'))),
    flush: () => withClient(async (client) => void (await client.flushall())),
    async close() {
      child?.kill('SIGCONT')
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
