// Notifications that fail: they stay owed, and are asked for again when they are due.
import { expect, it } from 'vitest'
import { store } from '../test/fixtures/folder-store.ts'
import { OWED, readyManifest } from '../test/fixtures/manifests.ts'
import { ThumbsmithError } from './errors.ts'
import { openOutbox } from './outbox.ts'
import { readManifest, writeManifest } from './state.ts'

const KEY = 'uploads/a.jpg'
const log = { debug() {}, info() {}, warn() {}, error() {} }
const mail = (send: () => Promise<void>) => ({ mail: { name: 'mail', send } })
const refuse = async () => {
  throw new ThumbsmithError('notifier.unavailable')
}
const owe = (tries = 0) => writeManifest(store, { ...readyManifest(KEY), owed: [{ ...OWED, tries }] }, undefined)
const owed = async () => (await readManifest(store, KEY))!.manifest.owed

it('asks for another look when what failed is due again, at most a quarter of an hour later', async () => {
  for (const [tries, delayMs] of [
    [0, 5_000],
    [3, 40_000],
    [20, 900_000],
  ] as const) {
    await owe(tries)
    const asked: [string, number][] = []
    const outbox = openOutbox({
      state: store,
      notifiers: mail(refuse),
      log,
      again: async (...it) => void asked.push(it),
    })
    outbox.deliver(KEY)
    await outbox.idle()
    expect(asked).toEqual([[KEY, delayMs]])
    expect(await owed()).toMatchObject([{ notifier: 'mail', tries: tries + 1 }])
    await store.delete((await store.list()).find(({ key }) => key.includes('manifests'))!.key)
  }
})

it('asks nobody for what was sent, and loses nothing where nobody can be asked', async () => {
  await owe()
  const asked: string[] = []
  const again = async (key: string) => {
    asked.push(key)
    throw new ThumbsmithError('queue.unavailable')
  }
  const failing = openOutbox({ state: store, notifiers: mail(refuse), log, again })
  failing.deliver(KEY)
  await failing.idle()
  expect([asked, (await owed()).length]).toEqual([[KEY], 1])
  const { manifest, etag } = (await readManifest(store, KEY))!
  await writeManifest(store, { ...manifest, owed: [OWED] }, etag)
  const working = openOutbox({ state: store, notifiers: mail(async () => {}), log, again })
  working.deliver(KEY)
  await working.idle()
  expect([asked, await owed()]).toEqual([[KEY], []])
})
