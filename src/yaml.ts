// The text of a YAML file -> its value, and where each part of it stands. What is wrong in its writing is told with the line and the mend.
import { isNode, LineCounter, parseDocument, visit, type YAMLError } from 'yaml'

export interface YamlFile {
  value: unknown
  /** The innermost part that a path leads to: its line, counted from 1, and its value where the whole path is there. */
  at(path: PropertyKey[]): { line: number; value: unknown }
}

export interface YamlFault {
  line: number
  message: string
}

/** One mapping in one document, with tags and anchors resolved; else the first thing that is wrong. */
export function parseYaml(text: string): YamlFile | { fault: YamlFault } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const fault = (offset: number, message: string) => ({ fault: { line: lines.linePos(offset).line || 1, message } })
  const wrong = document.errors[0] ?? document.warnings[0]
  if (wrong) return fault(wrong.pos[0], explain(wrong, text))
  const alias = brokenAlias(document)
  if (alias) return fault(...alias)
  const value: unknown = document.toJS({ maxAliasCount: -1 })
  if (value === null || value === undefined) return fault(0, `the file is empty. ${MAPPING}`)
  if (Array.isArray(value)) return fault(0, `the file is a list. ${MAPPING}`)
  if (typeof value !== 'object') return fault(0, `the file is a single value. ${MAPPING}`)
  return {
    value,
    at(path) {
      for (let depth = path.length; depth > 0; depth--) {
        const node = document.getIn(path.slice(0, depth), true)
        if (!isNode(node) || !node.range) continue
        return {
          line: lines.linePos(node.range[0]).line,
          value: depth === path.length ? node.toJS(document) : undefined,
        }
      }
      return { line: 1, value: undefined }
    },
  }
}

const MAPPING = 'Write `presets:` and `rules:` at the start of a line each, and what belongs to them below, indented.'

function explain(error: YAMLError, text: string): string {
  const [start] = error.pos
  if (error.code === 'TAB_AS_INDENT') return 'a tab stands where the line is indented. Indent it with spaces.'
  if (error.code === 'DUPLICATE_KEY') {
    const [key] = /^("[^"]*"|'[^']*'|[^:\n]*)/.exec(text.slice(start))!
    return `${JSON.stringify(key.trim())} stands here for the second time. Remove one of the two.`
  }
  if (error.code === 'MULTIPLE_DOCS')
    return 'a second document begins here. Remove this line and what follows, or put it into another file.'
  const words = error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
  return `${words}. Mend the line, or put a value with signs of YAML in it into quotes.`
}

/** How often anchors may be used, so that a few lines do not become millions of values. */
const ALIASES_MAX = 100

/** The first alias that leads nowhere or into itself, or is one of far too many. */
function brokenAlias(document: ReturnType<typeof parseDocument>): [offset: number, message: string] | undefined {
  let found: [number, string] | undefined
  let count = 0
  visit(document, {
    Alias(_, alias, path) {
      const target = alias.resolve(document)
      const name = JSON.stringify(`*${alias.source}`)
      const message = !target
        ? `${name} refers to an anchor that is not there. If it is a pattern, put it into quotes.`
        : path.includes(target)
          ? `${name} refers to what it stands in. Write it out.`
          : ++count > ALIASES_MAX || holdsAlias(target)
            ? `${name} refers to what refers to others again, or is one of too many. Write it out.`
            : undefined
      if (message === undefined) return undefined
      found = [alias.range?.[0] ?? 0, message]
      return visit.BREAK
    },
  })
  return found
}

function holdsAlias(node: Parameters<typeof visit>[0]): boolean {
  let holds = false
  visit(node, {
    Alias() {
      holds = true
      return visit.BREAK
    },
  })
  return holds
}
