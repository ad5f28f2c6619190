// What every storage driver must do, as a suite that runs under any test runner with `describe` and `it`.
import assert from 'node:assert/strict'
import type { Cases, StorageHarness } from './contract-harness.ts'
import { keyCases, listCases } from './contract-keys.ts'
import { objectCases, preconditionCases } from './contract-objects.ts'
import { linkCases, ticketCases } from './contract-tickets.ts'

type Run = () => Promise<void>

export interface ContractOptions {
  describe: (name: string, body: () => void) => void
  it: ((name: string, run: Run) => unknown) & { skip: (name: string, run: Run) => unknown }
  /** Called once for each case. */
  open: () => Promise<StorageHarness>
  /** Cases, by their names, that the store cannot meet, and why. */
  skip?: { case: string; reason: string }[]
}

export function storageContract({ describe, it, open, skip = [] }: ContractOptions): void {
  const cases: Cases = {
    ...objectCases,
    ...preconditionCases,
    ...listCases,
    ...keyCases(),
    ...ticketCases,
    ...linkCases,
  }
  for (const { case: name } of skip) assert.ok(name in cases, `There is no case called "${name}" to skip.`)
  describe('storage contract', () => {
    for (const [name, run] of Object.entries(cases)) {
      const skipped = skip.find((one) => one.case === name)
      const runCase = async () => {
        const harness = await open()
        try {
          await run(harness)
        } finally {
          await harness.close()
        }
      }
      if (skipped) it.skip(`${name} (${skipped.reason})`, runCase)
      else it(name, runCase)
    }
  })
}
