// Waiting for work to settle: until it has, or until it plainly does not.
import { expect, it } from 'vitest'
import { ThumbsmithError } from '../errors.ts'
import { memoryQueue } from '../queue/memory.ts'
import { settled } from './apply-all.ts'

it('waits for what gets done, however long it takes, and not for what fails again and again', async () => {
  const queue = memoryQueue({ concurrency: 1, ownerOf: () => 'a' })
  for (let i = 0; i < 6; i++) await queue.enqueue({ key: `good/${i}` })
  await queue.enqueue({ key: 'bad' })
  let done = 0
  await queue.run(async ({ key }) => {
    if (key === 'bad') throw new ThumbsmithError('storage.unavailable')
    await new Promise((resolve) => setTimeout(resolve, 250))
    done++
  })
  const started = Date.now()
  expect(await settled(queue, 1000)).toBe(1)
  expect(done).toBe(6)
  expect(Date.now() - started).toBeGreaterThan(2000)
  await queue.close()
})

it('is at once over where there is nothing to do', async () => {
  const queue = memoryQueue({ concurrency: 1, ownerOf: () => 'a' })
  expect(await settled(queue)).toBe(0)
})
