// Where the eye should rest: a click on the picture sets the point, the arrow keys move it, Delete takes it away.
import type { Focus } from '../../src/original.ts'
import { formatShare } from '../format.ts'
import { words } from '../words.ts'
import { CloseIcon } from './icons.tsx'

const STEP = 0.02
const LEAP = 0.1
const MOVES: Record<string, readonly [across: number, down: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}
const MIDDLE: Focus = { x: 0.5, y: 0.5 }
const within = (share: number) => Math.min(1, Math.max(0, share))

interface FocusPadProps {
  /** As fractions of what the pad lies on. */
  focus: Focus | undefined
  set: (focus: Focus | undefined) => void
}

/** Lies over a picture, and is exactly as large. */
export function FocusPad({ focus, set }: FocusPadProps) {
  const onClick = (event: MouseEvent & { currentTarget: HTMLElement }) => {
    // The keyboard presses buttons too, but nowhere in particular.
    if (event.detail === 0) return set(focus ?? MIDDLE)
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect()
    set({ x: within((event.clientX - left) / width), y: within((event.clientY - top) / height) })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const move = MOVES[event.key]
    if (move) {
      const step = event.shiftKey ? LEAP : STEP
      const { x, y } = focus ?? MIDDLE
      set({ x: within(x + step * move[0]), y: within(y + step * move[1]) })
    } else if (focus && (event.key === 'Delete' || event.key === 'Backspace')) set(undefined)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <button
      type="button"
      class="focus-pad"
      aria-label={focus ? words.focus.at(formatShare(focus.x), formatShare(focus.y)) : words.focus.none}
      onClick={onClick}
      onKeyDown={onKeyDown}
    >
      {focus && <span class="focus-mark" style={{ left: `${100 * focus.x}%`, top: `${100 * focus.y}%` }} />}
    </button>
  )
}

/** Says beside the picture that it can be clicked or, once it was, how to take the point back. */
export function FocusNote({ focus, clear }: { focus: Focus | undefined; clear: () => void }) {
  if (!focus) return <p class="focus-note">{words.focus.hint}</p>
  return (
    <button type="button" class="button button-quiet focus-clear" onClick={clear}>
      <CloseIcon />
      {words.focus.clear}
    </button>
  )
}
