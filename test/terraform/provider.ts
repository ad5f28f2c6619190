// What Terraform's AWS provider takes and gives, as its own schema has it, for the resources that infra/main.tf uses.
import type { Value } from './expression.ts'
import schema from './provider-schema.json' with { type: 'json' }
import type { Creation } from './read.ts'

/** `string`, `number`, `bool`, `strings`, `numbers` or `strings_by_name`; an exclamation mark after it: it must be given. */
type Argument = string | { block: Arguments; required?: boolean }
type Arguments = { [name: string]: Argument }
const TYPES = schema as Record<string, { arguments: Arguments; computed: string[] }>

const FITS: Record<string, (value: Value) => boolean> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  bool: (value) => typeof value === 'boolean',
  strings: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  numbers: (value) => Array.isArray(value) && value.every((item) => typeof item === 'number'),
  strings_by_name: (value) =>
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string'),
}

/** Sentences; none where the provider would take it. */
export function faultsOf({ type, address, values }: Creation): string[] {
  if (type.startsWith('data.')) return []
  const known = TYPES[type]
  return known ? faultsIn(address, known.arguments, values) : [`${address}: a type that is not known`]
}

function faultsIn(where: string, known: Arguments, values: Record<string, Value>): string[] {
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(known, name))
  const isRequired = (argument: Argument) =>
    typeof argument === 'string' ? argument.endsWith('!') : argument.required === true
  const missing = Object.keys(known).filter((name) => isRequired(known[name]!) && !Object.hasOwn(values, name))
  const wrong = Object.entries(values).flatMap(([name, value]) => {
    const argument = known[name]
    if (argument === undefined) return []
    if (typeof argument === 'string')
      return FITS[argument.replace('!', '')]!(value) ? [] : [`${where}: ${name} is no ${argument}`]
    if (!Array.isArray(value)) return [`${where}: ${name} is a block`]
    return value.flatMap((block) => faultsIn(`${where} ${name}`, argument.block, block as Record<string, Value>))
  })
  return [
    ...unknown.map((name) => `${where}: there is no ${name}`),
    ...missing.map((name) => `${where}: ${name} is missing`),
    ...wrong,
  ]
}

/** What others may read of a resource before it exists: everything its type gives, each saying where it comes from. */
export function promised({ type, address, values }: Creation): Record<string, Value> {
  const known = TYPES[type]
  if (!known) return {}
  const computed = known.computed.map((name): [string, string] => [name, `${address}.${name}`])
  const optional = Object.keys(known.arguments).filter((name) => !Object.hasOwn(values, name))
  return Object.fromEntries([...optional.map((name): [string, Value] => [name, null]), ...computed])
}
