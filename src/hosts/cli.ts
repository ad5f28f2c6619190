// The command line: arguments in, one call each; every error is a sentence, not a stack.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import { readConfig } from '../config.ts'
import { ThumbsmithError } from '../errors.ts'
import { VERSION } from './version.ts'

/** The one in this folder, else the one that comes with the package. */
function defaultConfig(): string {
  const here = 'thumbsmith.yaml'
  return existsSync(here) ? here : fileURLToPath(new URL('../../thumbsmith.yaml', import.meta.url))
}

const program = new Command('thumbsmith')
  .description('Turns every image that lands in a bucket into the renditions its owner declared, and keeps that true.')
  .version(VERSION)
  .addOption(new Option('-c, --config <file>', 'presets and rules').env('THUMBSMITH_CONFIG').default(defaultConfig()))

const config = (overrides: Record<string, string | undefined> = {}) =>
  readConfig({ ...process.env, ...overrides, THUMBSMITH_CONFIG: program.opts<{ config: string }>().config })

program
  .command('server', { isDefault: true })
  .description('serve the dashboard and the API, and render')
  .option('-p, --port <port>', 'the port to listen on')
  .option('--host <address>', 'the address to listen on')
  .option('--apply', 'first renew what a changed preset made stale')
  .option('--no-render', 'leave the rendering to workers')
  .action(async (options: { port?: string; host?: string; apply?: boolean; render: boolean }) => {
    const settings = config({
      ...(options.port ? { PORT: options.port } : {}),
      ...(options.host ? { HOST: options.host } : {}),
    })
    const { runServer } = await import('./server.ts')
    await runServer(settings, { refresh: options.apply ?? false, render: options.render })
  })

program
  .command('worker')
  .description('render what servers find to do; any number of workers share their queue')
  .action(async () => {
    const { runWorker } = await import('./worker.ts')
    await runWorker(config())
  })

program
  .command('render')
  .description('render files without a server')
  .argument('<files...>', 'images to render')
  .option(
    '-p, --preset <name>',
    'a preset to make; repeat it, or separate several by commas; all of them if none is named',
    (names: string, before: string[] = []) => [...before, ...names.split(',').map((name) => name.trim())],
  )
  .option('-t, --title <text>', 'drawn by presets that have a title', '')
  .option('-o, --out <folder>', 'where the renditions go', '.')
  .action(async (files: string[], options: { preset?: string[]; title: string; out: string }) => {
    const { renderFiles } = await import('./render-files.ts')
    process.exitCode = await renderFiles(config(), files, options)
  })

program
  .command('explain')
  .description('say what rendering these files would do and take, without doing it')
  .argument('<files...>', 'images to look at')
  .option('--json', 'one plan a line, as JSON')
  .action(async (files: string[], options: { json?: boolean }) => {
    const { explain } = await import('./explain.ts')
    process.exitCode = await explain(config(), files, options, (line) => process.stdout.write(`${line}\n`))
  })

program
  .command('apply')
  .description('look at every original now, and also renew what a changed preset made stale')
  .option('--remove', 'remove renditions even if very many originals are gone')
  .option('--adopt', 'take the present originals store for the right one, where it was moved or mounted anew')
  .action(async (options: { remove?: boolean; adopt?: boolean }) => {
    const { applyAll } = await import('./apply-all.ts')
    process.exitCode = await applyAll(config(), options)
  })

program
  .command('retry')
  .description('have every original that failed looked at anew')
  .option('--dlq', 'instead, send back what SQS has set aside in its dead-letter queue')
  .action(async (options: { dlq?: boolean }) => {
    const { retry } = await import('./retry.ts')
    process.exitCode = await retry(config(), options, (line) => process.stdout.write(`${line}\n`))
  })

program
  .command('setup')
  .description('tell the buckets which sites may upload, what expires, and where their events go')
  .option('--dry-run', 'say what would be done, and do nothing')
  .option('--replace', 'also replace what others have set')
  .option('--events <where>', 'send the events of the originals to this server, or to the topic or queue of this ARN')
  .action(async (options: { dryRun?: boolean; replace?: boolean; events?: string }) => {
    const { setup } = await import('./setup.ts')
    process.exitCode = await setup(config(), options, (line) => process.stdout.write(`${line}\n`))
  })

program
  .command('doctor')
  .description('check everything thumbsmith stands on, and say what to do about what is wrong')
  .action(async () => {
    const { doctor } = await import('./doctor.ts')
    process.exitCode = await doctor({ ...process.env, THUMBSMITH_CONFIG: program.opts<{ config: string }>().config })
  })

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof ThumbsmithError)) throw error
  process.stderr.write(`thumbsmith: ${error.message}\n`)
  if (error.detail) process.stderr.write(`  ${error.detail}\n`)
  process.exitCode = 1
}
