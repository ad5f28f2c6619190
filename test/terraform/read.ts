// Terraform's files: read, put in order, and created through whoever can create. What is not understood is an error, never left out.
import { parse } from '@cdktf/hcl2json'
import {
  type Expression,
  entriesOf,
  evaluate,
  parseExpression,
  referencesIn,
  type Scope,
  type Value,
} from './expression.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type Body = Record<string, Json>

/** A resource, or where its type begins with `data.`, something that is only looked up. */
export interface Block {
  type: string
  name: string
  /** `type.name`. */
  id: string
  body: Body
  /** The ids of what has to be there before. */
  needs: string[]
}

export interface Main {
  variables: Record<string, Body>
  outputs: Record<string, Body>
  locals: Body
  provider: Body
  /** What is needed comes before what needs it. */
  blocks: Block[]
  expressions: Map<string, Expression>
}

export interface Creation {
  type: string
  /** E.g. `aws_s3_bucket.own["originals"]`. */
  address: string
  /** Arguments by name; a block is a list of its occurrences. What is null is left out. */
  values: Record<string, Value>
  /** The provider's `default_tags`. */
  tags: Record<string, string>
}
/** Returns what others may read of it, besides its arguments. */
export type Create = (creation: Creation) => Promise<Record<string, Value>>

export interface Created {
  outputs: Record<string, Value>
  creations: Creation[]
}

/** Throws what HashiCorp's parser says, and for references that lead nowhere. */
export async function readMain(text: string): Promise<Main> {
  const json = (await parse('main.tf', text)) as Record<string, Json>
  const expressions = new Map<string, Expression>()
  for (const text of textsIn(json)) expressions.set(text, await expressionOf(text))
  const named = (part: Json | undefined) => (part ?? {}) as Record<string, Body[]>
  const firsts = (part: Json | undefined) =>
    Object.fromEntries(Object.entries(named(part)).map(([name, [body]]) => [name, body!]))
  const locals = Object.assign({}, ...((json.locals ?? []) as Body[])) as Body
  const { aws } = named(json.provider)
  const blocks = [
    ...kindsOf(json.data).map(({ type, ...rest }) => ({ type: `data.${type}`, ...rest })),
    ...kindsOf(json.resource),
  ].map(({ type, name, body }): Block => ({ type, name, id: `${type}.${name}`, body, needs: [] }))
  const main: Main = {
    variables: firsts(json.variable),
    outputs: firsts(json.output),
    locals,
    provider: aws?.[0] ?? {},
    blocks,
    expressions,
  }
  for (const block of blocks) block.needs = needsOf(main, block.id, block.body)
  for (const [name, body] of Object.entries(main.outputs)) needsOf(main, `output.${name}`, body)
  return { ...main, blocks: inOrder(blocks) }
}

/** The variables that a `.tfvars` file gives. */
export const readVariables = async (text: string) => (await parse('aws.tfvars', text)) as Record<string, Value>

function kindsOf(part: Json | undefined): { type: string; name: string; body: Body }[] {
  return Object.entries((part ?? {}) as Record<string, Record<string, Body[]>>).flatMap(([type, named]) =>
    Object.entries(named).map(([name, [body]]) => ({ type, name, body: body! })),
  )
}

function* textsIn(json: Json): Generator<string> {
  if (typeof json === 'string') {
    if (json.includes('${')) yield json
  } else if (json !== null && typeof json === 'object') for (const one of Object.values(json)) yield* textsIn(one)
}

const parsed = new Map<string, Promise<Expression>>()

/** `${…}` alone keeps its type; everything else is a text with holes. */
function expressionOf(text: string): Promise<Expression> {
  const known = parsed.get(text)
  if (known) return known
  const whole = () => parseExpression(`"${text}"`)
  const isAlone = text.startsWith('${') && text.endsWith('}')
  // Else these were two holes with something in between.
  const expression = isAlone ? parseExpression(text.slice(2, -1)).catch(whole) : whole()
  parsed.set(text, expression)
  return expression
}

/** The types of variables are expressions to the parser, of names that stand for nothing. */
const withoutType = ({ type: _, ...body }: Body): Body => body

/** Also through locals. */
function needsOf(main: Main, who: string, body: Body, seen = new Set<string>()): string[] {
  const needs = new Set<string>()
  const iterators = new Set(Object.keys((body.dynamic ?? {}) as Body))
  for (const text of textsIn(body))
    for (const [root = '', name = '', third = ''] of referencesIn(main.expressions.get(text)!)) {
      const missing = () => new Error(`${who} speaks of ${root}.${name}, which is not there`)
      if (root === 'each' || root === 'count' || iterators.has(root)) continue
      if (root === 'var') {
        if (!main.variables[name]) throw missing()
      } else if (root === 'local') {
        if (!Object.hasOwn(main.locals, name)) throw missing()
        if (seen.has(name)) continue
        const inner = { value: main.locals[name]! }
        for (const need of needsOf(main, `local.${name}`, inner, new Set([...seen, name]))) needs.add(need)
      } else {
        const id = root === 'data' ? `data.${name}.${third}` : `${root}.${name}`
        if (!main.blocks.some((block) => block.id === id)) throw missing()
        needs.add(id)
      }
    }
  return [...needs]
}

function inOrder(blocks: Block[]): Block[] {
  const done: Block[] = []
  const waiting = [...blocks]
  while (waiting.length) {
    const next = waiting.findIndex((block) => block.needs.every((need) => done.some(({ id }) => id === need)))
    if (next === -1) throw new Error(`These need each other: ${waiting.map(({ id }) => id).join(', ')}`)
    done.push(...waiting.splice(next, 1))
  }
  return done
}

/** `inputs`: the variables, as in a `.tfvars`. Throws for those that are unknown, missing or refused by a validation. */
export async function createAll(main: Main, inputs: Record<string, Value>, create: Create): Promise<Created> {
  const scope: Scope = { var: variablesOf(main, inputs), local: {} }
  const local = scope.local as Scope
  for (const [name, value] of Object.entries(main.locals)) {
    let known: Value | undefined
    Object.defineProperty(local, name, { enumerable: true, get: () => (known ??= resolve(main, value, scope)) })
  }
  const [defaults] = (main.provider.default_tags ?? []) as Body[]
  const tags = (defaults ? resolve(main, defaults.tags!, scope) : {}) as Record<string, string>
  const creations: Creation[] = []
  for (const { type, name, body } of main.blocks) {
    const { count, for_each, depends_on: _, lifecycle, ...rest } = body
    const one = async (key: string | number | undefined, own: Scope): Promise<Value> => {
      const here = { ...scope, ...own }
      const address = `${type}.${name}${key === undefined ? '' : `[${JSON.stringify(key)}]`}`
      for (const { precondition = [] } of (lifecycle ?? []) as { precondition?: Body[] }[])
        for (const { condition, error_message } of precondition)
          if (resolve(main, condition!, here) !== true) throw new Error(`${address}: ${error_message}`)
      const values = resolveBody(main, rest, here)
      const creation = { type, address, values, tags }
      creations.push(creation)
      return { ...values, ...(await create(creation)) }
    }
    let value: Value
    if (count !== undefined) {
      value = []
      for (let index = 0; index < (resolve(main, count, scope) as number); index++)
        value.push(await one(index, { count: { index } }))
    } else if (for_each !== undefined) {
      const found = resolve(main, for_each, scope)
      // A set's elements are its keys.
      const entries = Array.isArray(found) ? found.map((item) => [String(item), item] as const) : entriesOf(found)
      value = {}
      for (const [key, item] of entries) value[key] = await one(String(key), { each: { key, value: item } })
    } else value = await one(undefined, {})
    place(scope, `${type}.${name}`.split('.'), value)
  }
  const outputs = Object.fromEntries(
    Object.entries(main.outputs).map(([name, { value }]) => [name, resolve(main, value!, scope)]),
  )
  return { outputs, creations }
}

function place(scope: Scope, path: string[], value: Value): void {
  const [first, ...rest] = path
  scope[first!] ??= {}
  if (rest.length === 0) scope[first!] = value
  else place(scope[first!] as Scope, rest, value)
}

function variablesOf(main: Main, inputs: Record<string, Value>): Scope {
  for (const name of Object.keys(inputs)) if (!main.variables[name]) throw new Error(`There is no variable ${name}`)
  const values = Object.fromEntries(
    Object.entries(main.variables).map(([name, body]): [string, Value] => {
      if (Object.hasOwn(inputs, name)) return [name, inputs[name]!]
      if (!Object.hasOwn(body, 'default')) throw new Error(`The variable ${name} is not given`)
      return [name, body.default!]
    }),
  )
  for (const { validation = [] } of Object.values(main.variables).map(withoutType) as { validation?: Body[] }[])
    for (const { condition, error_message } of validation)
      if (resolve(main, condition!, { var: values }) !== true) throw new Error(String(error_message))
  return values
}

function resolve(main: Main, json: Json, scope: Scope): Value {
  if (typeof json === 'string') {
    const expression = main.expressions.get(json)
    return expression ? evaluate(expression, scope) : json
  }
  if (Array.isArray(json)) return json.map((item) => resolve(main, item, scope))
  if (json !== null && typeof json === 'object') return resolveBody(main, json, scope)
  return json
}

function resolveBody(main: Main, { dynamic, ...body }: Body, scope: Scope): Record<string, Value> {
  const values: Record<string, Value> = {}
  for (const [name, json] of Object.entries(body)) {
    const value = resolve(main, json, scope)
    if (value !== null) values[name] = value
  }
  for (const [name, occurrences] of Object.entries((dynamic ?? {}) as Record<string, Body[]>))
    for (const { for_each, content, ...unknown } of occurrences) {
      if (Object.keys(unknown).length) throw new Error(`dynamic "${name}" has more than is known here`)
      const [inner] = content as Body[]
      for (const [key, value] of entriesOf(resolve(main, for_each!, scope))) {
        const block = resolveBody(main, inner!, { ...scope, [name]: { key, value } })
        values[name] = [...((values[name] ?? []) as Value[]), block]
      }
    }
  return values
}
