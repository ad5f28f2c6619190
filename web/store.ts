// The page's one store, and how a component reads from it.
import { useLayoutEffect, useState } from 'preact/hooks'
import { createStore, initialState, type State } from './state.ts'

export const store = createStore<State>(initialState)

/** The part of the state that a component shows; it is drawn again only when that part changes. */
export function useStore<T>(select: (state: State) => T): T {
  const [selected, setSelected] = useState(() => select(store.get()))
  useLayoutEffect(() => {
    const read = () => setSelected(() => select(store.get()))
    read()
    return store.subscribe(read)
  }, [])
  return selected
}

/** Tells those who use a screen reader. The same sentence twice is made to differ, or it would not be read again. */
export function say(sentence: string): void {
  store.set(({ said }) => ({ said: said === sentence ? `${sentence}\u00a0` : sentence }))
}
