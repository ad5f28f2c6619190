// Terraform's expressions, parsed by HashiCorp's own parser and worked out here, as far as infra/main.tf needs them; anything else is an error.
import { getExpressionAst, type TFExpressionSyntaxTree as Tree } from '@cdktf/hcl2json'
import { callFunction } from './functions.ts'

export type Value = null | boolean | number | string | Value[] | { [name: string]: Value }
/** What names stand for: `var`, `local`, `each`, types of resources, and the variables of a `for`. */
export type Scope = Record<string, Value>
/** A parsed expression with its text, which the tree points into. */
export interface Expression {
  text: string
  tree: Tree.ExpressionType
}

/** `text` is what stands after the equals sign. Throws where it is no expression. */
export async function parseExpression(text: string): Promise<Expression> {
  const tree = await getExpressionAst('main.tf', text)
  if (!tree) throw new Error(`No expression: ${text}`)
  return { text, tree }
}

/** Every name that the expression reads, e.g. `["aws_sqs_queue", "jobs", "arn"]`, but for the variables of its own `for`s. */
export function referencesIn({ tree }: Expression): string[][] {
  const found: string[][] = []
  const visit = (node: Tree.ExpressionType, own: string[]) => {
    const names = node.type === 'for' ? [...own, forMeta(node).keyVar, forMeta(node).valVar] : own
    if (node.type === 'scopeTraversal') {
      const path = partsOf(traversalOf(node)).map(String)
      if (!names.includes(path[0]!)) found.push(path)
    }
    for (const child of node.children ?? []) visit(child, names)
  }
  visit(tree, [])
  return found
}

/** Throws for what it does not know, and for names that stand for nothing. */
export function evaluate({ text, tree }: Expression, scope: Scope): Value {
  const of = (node: Tree.ExpressionType, here: Scope = scope): Value => evaluate({ text, tree: node }, here)
  const child = (i: number) => tree.children[i]!
  const source = (node: Tree.ExpressionType) => sourceOf(text, node)
  switch (tree.type as string) {
    case '':
      return of(child(0))
    case 'literalValue':
      return literal(tree as Tree.LiteralValueExpression)
    case 'template':
      return tree.children.map((part) => of(part)).join('')
    case 'templateWrap':
      return of(child(0))
    case 'tuple':
      return tree.children.map((item) => of(item))
    case 'object':
      return Object.fromEntries(
        pairsOf(tree.children).map(([key, value]) => [
          key.children.length ? String(of(key.children[0]!)) : source(key),
          of(value),
        ]),
      )
    case 'scopeTraversal':
      return follow(scope, partsOf(traversalOf(tree)), source(tree))
    case 'relativeTraversal':
      return follow(of(child(0)), partsOf(traversalOf(tree)), source(tree))
    case 'index':
      return follow(of(child(0)), [of(child(1)) as string | number], source(tree))
    case 'conditional':
      return of(child(0)) === true ? of(child(1)) : of(child(2))
    case 'unaryOp':
      return source(tree).startsWith('!') ? !of(child(0)) : -Number(of(child(0)))
    case 'binaryOp':
      return operate((tree as Tree.BinaryOpExpression).meta.operator, of(child(0)), () => of(child(1)))
    case 'function':
      return callFunction((tree as Tree.FunctionCallExpression).meta.name, tree.children, (node) => of(node))
    case 'for':
      return comprehend(tree as Tree.ForExpression, scope, of)
    default:
      throw new Error(`An expression of the kind "${tree.type}" is not known here: ${source(tree)}`)
  }
}

const forMeta = (node: Tree.ExpressionType) => (node as Tree.ForExpression).meta
const traversalOf = (node: Tree.ExpressionType) => (node as Tree.ScopeTraversalExpression).meta.traversal

function partsOf(traversal: Tree.TerraformTraversalPart[]): (string | number)[] {
  return traversal.map(({ type, segment }) =>
    type === 'nameTraversal' ? segment : (JSON.parse(segment) as string | number),
  )
}

/** Positions are of bytes. */
function sourceOf(text: string, { range }: Tree.ExpressionType): string {
  return Buffer.from(text).subarray(range.start.byte, range.end.byte).toString()
}

function pairsOf<T>(items: T[]): [T, T][] {
  return items.flatMap((item, i) => (i % 2 ? [] : [[item, items[i + 1]!] as [T, T]]))
}

function literal({ meta }: Tree.LiteralValueExpression): Value {
  if (meta.type === 'string') return JSON.parse(`"${meta.value}"`) as string
  return JSON.parse(meta.value) as Value
}

function follow(start: Value, path: (string | number)[], source: string): Value {
  let value = start
  for (const part of path) {
    const inside = value !== null && typeof value === 'object' ? (value as Record<string, Value>) : undefined
    if (!inside || !Object.hasOwn(inside, part)) throw new Error(`${source} stands for nothing: there is no ${part}`)
    value = inside[part]!
  }
  return value
}

function operate(operator: string, left: Value, right: () => Value): Value {
  if (operator === 'logicalAnd') return left === true && right() === true
  if (operator === 'logicalOr') return left === true || right() === true
  const other = right()
  if (operator === 'equal') return JSON.stringify(left) === JSON.stringify(other)
  if (operator === 'notEqual') return JSON.stringify(left) !== JSON.stringify(other)
  const [a, b] = [Number(left), Number(other)]
  if (operator === 'greaterThan') return a > b
  if (operator === 'multiply') return a * b
  throw new Error(`The operator ${operator} is not known here`)
}

function comprehend(
  tree: Tree.ForExpression,
  scope: Scope,
  of: (node: Tree.ExpressionType, scope: Scope) => Value,
): Value {
  const { keyVar, valVar, openRangeValue, conditionalExpression } = tree.meta
  const isObject = openRangeValue === '{'
  const [collection, ...rest] = tree.children
  const condition = conditionalExpression ? rest.pop() : undefined
  const results: [Value, Value][] = []
  for (const [key, value] of entriesOf(of(collection!, scope))) {
    const inner = { ...scope, ...(keyVar && { [keyVar]: key }), [valVar]: value }
    if (condition && of(condition, inner) !== true) continue
    results.push(isObject ? [of(rest[0]!, inner), of(rest[1]!, inner)] : [null, of(rest[0]!, inner)])
  }
  return isObject
    ? Object.fromEntries(results.map(([key, value]) => [String(key), value]))
    : results.map(([, value]) => value)
}

export function entriesOf(value: Value): [string | number, Value][] {
  if (Array.isArray(value)) return value.map((item, i) => [i, item])
  if (value !== null && typeof value === 'object') return Object.entries(value)
  throw new Error(`Nothing to go through: ${JSON.stringify(value)}`)
}
