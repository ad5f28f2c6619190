// Runs a program of this repository that is TypeScript as it stands: installs what it needs, then starts it on the Node that development uses.
import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { BIN, developmentNode, install } from './prepare.mjs'

install({ tests: true })
const env = { ...process.env, PATH: BIN + delimiter + process.env.PATH }
const program = spawn(developmentNode(), process.argv.slice(2), { stdio: 'inherit', env })
// The terminal interrupts both: one signal is enough, a second means "at once".
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => program.kill(signal))
program.on('error', ({ message }) => {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
})
program.on('exit', (code, signal) => {
  process.exitCode = code ?? 1
  if (!signal) return
  // Who looks at how this one ended sees how the program did.
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
