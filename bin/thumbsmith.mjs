#!/usr/bin/env node
// The command: says clearly what to install where Node is too old, builds a fresh clone once, then hands over to the command line.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `thumbsmith needs Node 20.19 or later; this is ${process.versions.node}. Install Node 24 from https://nodejs.org.\n`,
  )
  process.exit(1)
}
const inClone = existsSync(new URL('../src/hosts/cli.ts', import.meta.url))
if (inClone) {
  const { prepare } = await import('../scripts/prepare.mjs')
  prepare()
}
await import('../dist/hosts/cli.js')
