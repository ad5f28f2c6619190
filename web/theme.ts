// Light or dark: the system's choice, until the person chooses otherwise on this page.

export type Theme = 'light' | 'dark'

const KEY = 'thumbsmith-theme'
const system = matchMedia('(prefers-color-scheme: dark)')

function readChoice(): Theme | undefined {
  try {
    const choice = localStorage.getItem(KEY)
    return choice === 'light' || choice === 'dark' ? choice : undefined
  } catch {
    return undefined
  }
}

export function readTheme(): Theme {
  return readChoice() ?? (system.matches ? 'dark' : 'light')
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = readTheme()
}

/** Turns the other theme on. Back at the system's own, the choice is forgotten, so that the page follows the system again. */
export function switchTheme(): Theme {
  const next = readTheme() === 'dark' ? 'light' : 'dark'
  try {
    if ((next === 'dark') === system.matches) localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, next)
  } catch {
    // Storage may be blocked: the choice then lasts as long as the page.
  }
  document.documentElement.dataset.theme = next
  return next
}

/** Calls back when the system's theme changes. */
export function onSystemTheme(listener: () => void): void {
  system.addEventListener('change', listener)
}
