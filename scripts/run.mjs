// Runs a program of this repository that is TypeScript as it stands: installs what it needs, then starts it on the Node that development uses.
import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { BIN, developmentNode, prepare } from './prepare.mjs'

prepare({ tests: true })
const env = { ...process.env, PATH: BIN + delimiter + process.env.PATH }
const program = spawn(developmentNode(), process.argv.slice(2), { stdio: 'inherit', env })
// It ends this one, too; a terminal tells both at once.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => program.kill(signal))
program.on('error', ({ message }) => {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
})
program.on('exit', (code) => {
  process.exitCode = code ?? 1
})
