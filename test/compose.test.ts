// That compose.yaml says what the command line and the configuration understand; what it starts is run for real by test/cluster.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../src/config.ts'
import { engineOf } from '../src/hosts/engine.ts'
import { placesOf } from '../src/hosts/stores.ts'

const ROOT = resolve(import.meta.dirname, '..')

interface Service {
  command: string[]
  environment: Record<string, string>
  read_only: boolean
  entrypoint?: string[]
}
const { services } = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>
}

it.each(['server', 'worker'])('the %s is configured as it understands it', (name) => {
  const { environment, read_only } = services[name]!
  const config = readConfig({ ...environment, THUMBSMITH_CONFIG: join(ROOT, 'thumbsmith.yaml') })
  expect(engineOf(config)).toEqual({ kind: 'redis', url: 'redis://localhost:6379', name: 'thumbsmith' })
  const { originals, renditions } = placesOf(config)
  const shared = { scheme: 's3', location: { endpoint: 'http://localhost:9000', pathStyle: true, prefix: '' } }
  expect(originals).toMatchObject(shared)
  expect(renditions).toMatchObject(shared)
  expect(read_only).toBe(true)
})

it.each(['server', 'worker'])('the command of the %s is one that the command line knows', async (name) => {
  const node = process.execPath
  const command = [join(ROOT, 'src/hosts/cli.ts'), ...services[name]!.command, '--help']
  const { stdout } = await promisify(execFile)(node, command)
  expect(stdout).toContain(`Usage: thumbsmith ${name}`)
  for (const option of services[name]!.command.slice(1)) expect(stdout).toContain(option)
})

it('the script that makes the buckets is one', async () => {
  const [, ...args] = services.buckets!.entrypoint!
  const env = { ...process.env, ...services.buckets!.environment, AWS_MAX_ATTEMPTS: '1' }
  // Nobody listens there: it gets as far as asking.
  const failure = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env }).catch((error: Error) => error)
  expect(String(failure)).toMatch(/ECONNREFUSED|BucketAlready|InvalidAccessKeyId/)
})
