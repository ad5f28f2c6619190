// Live events over a real port: what is told to whom, what comes back after a break, and what is freed.
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openApi, picture, type TestApi, tokenFor } from '../../test/api.ts'
import { until, type Watcher, watchEvents } from '../../test/watcher.ts'

let api: TestApi
let url: string
let alice: string
beforeEach(async () => {
  api = await openApi({ heartbeatMs: 100 })
  url = await api.listen()
  alice = await tokenFor('alice')
})
afterEach(() => api.close())

const watch = (as: string, lastEventId?: string) => watchEvents(url, as, lastEventId)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const idsOf = (events: Watcher['events']) =>
  events.map(({ event }) => (event.type === 'original' ? event.original.id : event.type))

describe('a watcher', () => {
  it('is sent the whole original as it is now, once for changes that come together', async () => {
    const watcher = await watch(alice)
    await until(() => watcher.position() !== '')
    const { id, key } = await api.upload(alice, await picture())
    await api.settle(id)
    await watcher.count(1)
    await pause(150)
    const last = watcher.events.at(-1)!.event
    expect(last).toMatchObject({ type: 'original', original: { id, state: 'ready' } })
    const before = watcher.events.length
    for (let i = 0; i < 20; i++) api.feed.publish({ key, owner: 'alice', kind: 'changed' })
    await watcher.count(before + 1)
    await pause(150)
    expect(watcher.events.length).toBe(before + 1)
    const shown = last.type === 'original' ? last.original.renditions[0]!.url! : ''
    expect((await fetch(shown)).status).toBe(200)
    watcher.stop()
  })

  it('is told of removals, and of what came back in the meantime', async () => {
    const { id, key } = await api.upload(alice, 'bytes')
    const watcher = await watch(alice)
    await until(() => watcher.position() !== '')
    await api.services.catalogue.remove(key)
    expect((await watcher.count(1))[0]!.event).toEqual({ type: 'removed', id })
    await api.originals.put(key, await picture(), { contentType: 'image/jpeg' })
    api.feed.publish({ key, owner: 'alice', kind: 'removed' })
    expect((await watcher.count(2))[1]!.event).toMatchObject({ type: 'original', original: { id } })
    watcher.stop()
  })

  it("sees nobody else's, unless as an operator", async () => {
    const [bob, staff] = [await watch(await tokenFor('bob')), await watch(await tokenFor('carol', { groups: 'staff' }))]
    await until(() => bob.position() !== '' && staff.position() !== '')
    const { id, key } = await api.upload(alice, 'bytes')
    api.feed.publish({ key, owner: 'alice', kind: 'changed' })
    expect(idsOf(await staff.count(1))).toEqual([id])
    await pause(250)
    expect(bob.events).toEqual([])
    expect(bob.raw()).not.toContain(key)
    for (const watcher of [bob, staff]) watcher.stop()
  })

  it('who is not signed in is refused', async () => {
    expect((await fetch(`${url}/v1/events`)).status).toBe(401)
  })

  it('by cookie, as browsers must, is let in', async () => {
    const response = await fetch(`${url}/v1/events`, { headers: { cookie: `a=b; thumbsmith_token=${alice}` } })
    expect(response.status).toBe(200)
    await response.body!.cancel()
  })

  it('is told to poll where nothing is live', async () => {
    const quiet = await openApi({ live: false })
    const response = await quiet.ask('GET', '/v1/events', { as: alice })
    expect(response.status).toBe(404)
    expect(((await response.json()) as { detail: string }).detail).toContain('poll')
    await quiet.close()
  })
})

describe('a watcher that comes back', () => {
  it('is told what it missed', async () => {
    const first = await watch(alice)
    await until(() => first.position() !== '')
    first.stop()
    const one = await api.upload(alice, 'one')
    const two = await api.upload(alice, 'two')
    const other = await api.upload(await tokenFor('bob'), 'three')
    for (const { key } of [one, two, one]) api.feed.publish({ key, owner: 'alice', kind: 'changed' })
    api.feed.publish({ key: other.key, owner: 'bob', kind: 'changed' })
    const again = await watch(alice, first.position())
    expect(idsOf(await again.count(2))).toEqual([two.id, one.id])
    expect(again.events.map((event) => event.id)).toEqual([`${api.feed.epoch}.2`, `${api.feed.epoch}.3`])
    again.stop()
    const third = await watch(alice, again.position())
    await pause(250)
    expect(third.events).toEqual([])
    third.stop()
  })

  it('keeps its place while only others have news', async () => {
    const watcher = await watch(alice)
    await until(() => watcher.position() !== '')
    for (let i = 0; i < 1500; i++) api.feed.publish({ key: `uploads/bob/1/${i}.jpg`, owner: 'bob', kind: 'changed' })
    await until(() => watcher.position() === `${api.feed.epoch}.1500`)
    watcher.stop()
    const again = await watch(alice, watcher.position())
    await pause(250)
    expect(again.events).toEqual([])
    again.stop()
  })

  it.each(['nonsense', 'other-epoch.3', '9'.repeat(40), 'x.-1'])(
    'from another time is told to read anew: %j',
    async (lastEventId) => {
      const watcher = await watch(alice, lastEventId)
      expect((await watcher.count(1))[0]).toEqual({ id: `${api.feed.epoch}.0`, event: { type: 'reset' } })
      watcher.stop()
    },
  )

  it('that is connected while changes were missed is told to read anew, and so is who was away then', async () => {
    const watcher = await watch(alice)
    await until(() => watcher.position() !== '')
    const before = watcher.position()
    api.feed.gap()
    expect((await watcher.count(1))[0]!.event).toEqual({ type: 'reset' })
    watcher.stop()
    const [away, current] = [await watch(alice, before), await watch(alice, watcher.position())]
    expect((await away.count(1))[0]!.event).toEqual({ type: 'reset' })
    await pause(250)
    expect(current.events).toEqual([])
    away.stop()
    current.stop()
  })

  it('from the future of this run, or too far behind, is told to read anew', async () => {
    for (let i = 0; i < 60; i++) api.feed.publish({ key: `uploads/alice/1/${i}.jpg`, owner: 'alice', kind: 'changed' })
    for (const sequence of [0, 61, 999]) {
      const watcher = await watch(alice, `${api.feed.epoch}.${sequence}`)
      expect((await watcher.count(1))[0]!.event).toEqual({ type: 'reset' })
      watcher.stop()
    }
  })
})

describe('many watchers', () => {
  it('of whom half are killed: the others miss nothing, and everything of the dead is freed', async () => {
    const subscribed = countSubscribers(api)
    let reads = 0
    const { catalogue } = api.services
    const read = catalogue.read.bind(catalogue)
    catalogue.read = async (key) => {
      reads++
      return read(key)
    }
    const watchers = await Promise.all(Array.from({ length: 60 }, () => watch(alice)))
    await until(() => watchers.every((watcher) => watcher.position() !== ''))
    expect(subscribed()).toBe(1)
    const { id, key } = await api.upload(alice, 'bytes')
    reads = 0
    api.feed.publish({ key, owner: 'alice', kind: 'changed' })
    await Promise.all(watchers.map((watcher) => watcher.count(1)))
    expect(reads).toBe(1)
    for (const watcher of watchers.slice(0, 30)) watcher.stop()
    for (let i = 2; i <= 6; i++) {
      api.feed.publish({ key, owner: 'alice', kind: 'changed' })
      await Promise.all(watchers.slice(30).map((watcher) => watcher.count(i)))
    }
    for (const watcher of watchers.slice(30)) {
      expect(idsOf(watcher.events)).toEqual(Array(6).fill(id))
      watcher.stop()
    }
    await until(() => subscribed() === 0)
    expect(api.logged).toEqual([])
  })

  it('that never read, and then vanish, are let go', async () => {
    const subscribed = countSubscribers(api)
    const { key } = await api.upload(alice, 'bytes')
    await api.services.catalogue.edit(key, { title: '漢'.repeat(300) })
    const port = Number(new URL(url).port)
    const sockets = Array.from({ length: 10 }, () => {
      const socket = connect(port, '127.0.0.1')
      socket.pause()
      socket.on('error', () => {})
      socket.write(`GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${alice}\r\n\r\n`)
      return socket
    })
    const reader = await watch(alice)
    await until(() => reader.position() !== '')
    for (let i = 1; i <= 10; i++) {
      api.feed.publish({ key, owner: 'alice', kind: 'changed' })
      await reader.count(i)
    }
    for (const socket of sockets) socket.destroy()
    reader.stop()
    await until(() => subscribed() === 0)
  })

  it('asked for by HEAD are none', async () => {
    const subscribed = countSubscribers(api)
    const response = await fetch(`${url}/v1/events`, { method: 'HEAD', headers: { authorization: `Bearer ${alice}` } })
    expect(response.status).toBe(200)
    expect(subscribed()).toBe(0)
  })
})

/** How many listeners the feed has, counted from now on. */
function countSubscribers({ feed }: TestApi): () => number {
  let count = 0
  const subscribe = feed.subscribe.bind(feed)
  feed.subscribe = (listener) => {
    count++
    const stop = subscribe(listener)
    return () => {
      count--
      stop()
    }
  }
  return () => count
}
