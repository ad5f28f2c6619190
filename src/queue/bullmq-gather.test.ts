// What is said again and again.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { gather, type Said } from './bullmq-gather.ts'

const EVERY_MS = 40

it('says the first word at once, and the rest of a storm now and then, never losing the last', async () => {
  const said: Said = new Map()
  const words: number[] = []
  let asked = 0
  const ask = () => {
    asked++
    return gather(async () => void words.push(asked), 'a', said, EVERY_MS)
  }
  const answers = [ask()]
  expect(words).toEqual([1])
  for (const end = Date.now() + 5 * EVERY_MS; Date.now() < end; await sleep(1)) answers.push(ask())
  await Promise.all(answers)
  expect(words.length).toBeLessThan(9)
  // The last word was said after the last who asked for it.
  expect(words.at(-1)).toBe(asked)
  await sleep(2 * EVERY_MS)
  expect(said.size).toBe(0)
})

it('keeps names apart, and hands a failure to those who asked for that word only', async () => {
  const said: Said = new Map()
  let fails = true
  const ask = (name: string) =>
    gather(() => (fails ? Promise.reject(new Error(name)) : Promise.resolve()), name, said, 5)
  const [first, other] = [ask('a'), ask('b')]
  const second = ask('a')
  await expect(first).rejects.toThrow('a')
  await expect(other).rejects.toThrow('b')
  fails = false
  await expect(second).resolves.toBeUndefined()
})
