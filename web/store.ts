// The page's one store, and how a component reads from it.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { About } from '../src/http/schemas.ts'
import { createStore, initialState, type State } from './state.ts'

export const store = createStore<State>(initialState)

/** The part of the state that a component shows; it is drawn again only when that part changes. */
export function useStore<T>(select: (state: State) => T): T {
  const [, setTimes] = useState(0)
  const selected = select(store.get())
  const drawn = useRef({ select, selected })
  drawn.current = { select, selected }
  useLayoutEffect(() => {
    const look = () => {
      if (!Object.is(drawn.current.select(store.get()), drawn.current.selected)) setTimes((times) => times + 1)
    }
    look()
    return store.subscribe(look)
  }, [])
  return selected
}

/** What the page knows of the server, as soon as it does. */
export function aboutKnown(): Promise<About> {
  return new Promise((resolve) => {
    const look = () => {
      const { about } = store.get()
      if (!about) return
      stop()
      resolve(about)
    }
    const stop = store.subscribe(look)
    look()
  })
}

/** Tells those who use a screen reader. The same sentence twice is made to differ, or it would not be read again. */
export function say(sentence: string): void {
  store.set(({ said }) => ({ said: said === sentence ? `${sentence}\u00a0` : sentence }))
}
