// `npm test`: installs what the tests need, then types, lint and format, and every test. Arguments go to the test runner.
import { delimiter, join } from 'node:path'
import { ensureChromium } from './chromium.mjs'
import { BIN, developmentNode, prepare, ROOT, run } from './prepare.mjs'

prepare({ tests: true })
process.env.PATH = BIN + delimiter + process.env.PATH
process.env.CHROMIUM_PATH = await ensureChromium()

const node = developmentNode()
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
