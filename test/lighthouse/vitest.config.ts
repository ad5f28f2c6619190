// Lighthouse runs alone: whatever else runs beside it lowers its figures.
import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { include: ['test/lighthouse/**/*.test.ts'], maxWorkers: 1 } })
