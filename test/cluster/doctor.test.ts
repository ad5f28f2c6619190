// What `thumbsmith doctor` says of the engines of a cluster.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { startRedis } from '../servers/redis.ts'

const ROOT = resolve(import.meta.dirname, '../..')

async function doctor(queue: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'thumbsmith-doctor-'))
  const env = { PATH: process.env.PATH, THUMBSMITH_CONFIG: join(ROOT, 'thumbsmith.yaml'), THUMBSMITH_QUEUE: queue }
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, [join(ROOT, 'src/hosts/cli.ts'), 'doctor'], { cwd: folder, env }, (_error, out) =>
      resolve(out),
    )
  })
  await rm(folder, { recursive: true })
  return said
}

it('tells a Redis that throws jobs away when it is full', async () => {
  const redis = await startRedis('allkeys-lru')
  try {
    expect(await doctor(redis.url)).toMatch(
      /WRONG {2}queue: Redis throws jobs away .* allkeys-lru\.\n +-> Set maxmemory-policy/,
    )
  } finally {
    await redis.close()
  }
  expect(await doctor(redis.url)).toContain('WRONG  queue:')
  const sound = await startRedis()
  try {
    expect(await doctor(sound.url)).toContain('ok     queue: thumbsmith on redis, 0 jobs wait, 0 run')
  } finally {
    await sound.close()
  }
})
