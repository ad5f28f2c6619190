// `npm test`: installs what the tests need, then types, lint and format, and every test. Arguments go to the test runner.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ensureChromium } from './chromium.mjs'
import { prepare, ROOT, run } from './prepare.mjs'

prepare({ tests: true })
const bin = join(ROOT, 'node_modules', '.bin')
process.env.PATH = bin + delimiter + process.env.PATH
process.env.CHROMIUM_PATH = await ensureChromium()

// The tests run on the Node that development uses; the product itself on whatever started this.
const development = join(bin, 'node')
const node = existsSync(development) ? development : process.execPath
const tool = (path) => join(ROOT, 'node_modules', path)
const only = process.argv.slice(2)
if (!only.length) {
  run(node, [tool('typescript/bin/tsc'), '-p', 'tsconfig.json'], 'Types: see above.')
  run(node, [tool('typescript/bin/tsc'), '-p', 'web/tsconfig.json'], 'Types of the dashboard: see above.')
  run(
    node,
    [tool('@biomejs/biome/bin/biome'), 'ci', '.'],
    'Lint and format: see above; `npm run fix` mends most of it.',
  )
  run(node, [tool('oxlint/bin/oxlint')], 'Lint: see above.')
}
run(node, [tool('vitest/vitest.mjs'), 'run', ...only], 'Some tests failed.')
