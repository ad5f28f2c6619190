// The suite of the AWS home: it builds the Lambda functions, for which npm must be reachable.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/aws/**/*.test.ts'],
    globalSetup: ['test/aws/build.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
  },
})
