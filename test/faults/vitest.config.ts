// The fault tests: real processes, killed and starved for minutes, so they run one after the other and apart from the rest.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/faults/**/*.test.ts'], maxWorkers: 1, fileParallelism: false, hookTimeout: 60_000 },
})
