// No sign-in: everybody who can reach the server is its one owner. For one person on one machine.
import type { Auth } from './auth.ts'

export function noAuth(): Auth {
  return { name: 'none', identify: async () => ({ owner: 'local', operator: true }) }
}
