// The server with a hook in its decoder processes, for pictures that kill, hang or bloat them. Started like the command line.
import { fileURLToPath } from 'node:url'
import { readConfig } from '../../src/config.ts'
import { openLog } from '../../src/hosts/log.ts'
import { startServer } from '../../src/hosts/server.ts'

const hook = fileURLToPath(new URL('./decoder-hook.ts', import.meta.url))
const file = process.argv[process.argv.indexOf('--config') + 1]
const config = readConfig({ ...process.env, THUMBSMITH_CONFIG: file, PORT: '0' })
const server = await startServer({ config, log: openLog(config.logLevel), decoderExecArgv: ['--import', hook] })
process.stdout.write(`thumbsmith 0.0.0 is ready at ${server.url}\n`)
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)))
