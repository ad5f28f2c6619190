// What it takes to create a resource: its arguments as Terraform names them, and their names as AWS's services write them.
import type { Value } from '../terraform/expression.ts'

export type Values = Record<string, Value>
/** By type. Returns what the provider computes. */
export type Creators = Record<string, (values: Values, tags: Record<string, string>) => Promise<Values>>

/** As Lambda, EventBridge and CloudWatch write names. */
export const pascal = (value: Value): unknown =>
  renamed(value, (name) => name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()))

/** As API Gateway writes them. */
export const camel = (value: Value): unknown =>
  renamed(value, (name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))

function renamed(value: Value, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [rename(name), renamed(inner, rename)]))
}
