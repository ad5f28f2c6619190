// The log: JSON lines for machines, or one readable line an event where a person watches.
import { pino } from 'pino'
import type { Log } from '../road.ts'
import type { Config } from '../settings.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

export function openLog(level: Config['logLevel'], output: NodeJS.WriteStream = process.stderr): Log {
  if (!output.isTTY)
    return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'message' }, output)
  const write = (at: (typeof LEVELS)[number]) => (fields: object, message: string) => {
    if (LEVELS.indexOf(at) < LEVELS.indexOf(level)) return
    const { text, detail, ...rest } = fields as Record<string, unknown>
    const pairs = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    const more = [text, detail]
      .filter((part) => typeof part === 'string')
      .map((part) => `\n    ${printable(part).replaceAll('\n', '\n    ')}`)
    output.write(
      `${new Date().toTimeString().slice(0, 8)} ${at.padEnd(5)} ${printable(message)} ${pairs.join(' ')}${more.join('')}\n`,
    )
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** Keys and titles come from strangers: nothing in them may steer the terminal. */
const printable = (text: string) => text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/g, '\ufffd')
