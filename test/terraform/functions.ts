// Terraform's functions, as far as infra/main.tf uses them.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Value } from './expression.ts'

type Names = Record<string, Value>

const FUNCTIONS: Record<string, (...values: never[]) => Value> = {
  alltrue: (list: boolean[]) => list.every(Boolean),
  concat: (...lists: Value[][]) => lists.flat(),
  contains: (list: Value[], value: Value) => list.includes(value),
  endswith: (text: string, end: string) => text.endsWith(end),
  filebase64sha256: (path: string) => createHash('sha256').update(readFileSync(path)).digest('base64'),
  join: (separator: string, list: string[]) => list.join(separator),
  jsonencode: (value: Value) => JSON.stringify(value),
  keys: (names: Names) => Object.keys(names).sort(),
  length: (value: Value[] | Names) => Object.keys(value).length,
  merge: (...names: Names[]) => Object.assign({}, ...names) as Names,
  regex: (pattern: string, text: string) => {
    const found = new RegExp(pattern).exec(text)
    if (!found) throw new Error(`${text} is not like ${pattern}`)
    return found[0]
  },
  setsubtract: (all: Value[], less: Value[]) => all.filter((value) => !less.includes(value)),
  startswith: (text: string, start: string) => text.startsWith(start),
  toset: (list: Value[]) => [...new Set(list)].sort(),
  trimprefix: (text: string, prefix: string) => (text.startsWith(prefix) ? text.slice(prefix.length) : text),
  // As Go's url.QueryEscape does.
  urlencode: (text: string) =>
    encodeURIComponent(text)
      .replaceAll('%20', '+')
      .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`),
}

/** `of` works out an argument. Throws for a function that is not known. */
export function callFunction<Node>(name: string, nodes: Node[], of: (node: Node) => Value): Value {
  if (name === 'can') {
    try {
      of(nodes[0]!)
      return true
    } catch {
      return false
    }
  }
  const run = FUNCTIONS[name]
  if (!run) throw new Error(`The function ${name} is not known here`)
  return run(...(nodes.map((node) => of(node)) as never[]))
}
