// A worker process to kill: takes jobs, says which, and never ends one. Started as `node queue-worker.ts <url> <name>`.
import { bullmqQueue } from '../../src/queue/bullmq.ts'

const [url = '', name = ''] = process.argv.slice(2)
const queue = await bullmqQueue({ url, name, concurrency: 2, ownerOf: () => 'somebody', onTrouble: () => {} })
await queue.run(async ({ key }) => {
  process.stdout.write(`${key}\n`)
  await new Promise(() => {})
})
