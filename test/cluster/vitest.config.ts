// The cluster's tests: real servers (S3, queues). Most of them wait most of the time, so three files run at once; what measures or needs the whole machine runs after them, alone.
import { defineConfig } from 'vitest/config'

const ALONE = ['chaos', 'fair', 'events'].map((name) => `test/cluster/${name}.test.ts`)
const shared = { testTimeout: 180_000, hookTimeout: 300_000 }

export default defineConfig({
  test: {
    globalSetup: 'test/cluster/setup.ts',
    projects: [
      {
        test: {
          ...shared,
          name: 'together',
          include: ['test/cluster/**/*.test.ts'],
          exclude: ALONE,
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      ...['redis', 'postgres'].map((engine) => ({
        test: {
          ...shared,
          name: `examples on ${engine}`,
          include: ['examples/**/*.test.ts'],
          env: { TEST_CLUSTER: engine },
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      })),
      {
        test: {
          ...shared,
          name: 'alone',
          include: ALONE,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
