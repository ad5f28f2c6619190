// Globs over keys as small automata, so that matching and the question "can these two ever meet?" have one answer.

/** One piece of a language of strings: a literal, one character but `/`, any run of those, any run of anything, or a choice. */
export type Piece = { literal: string } | { oneOf: Piece[][] } | 'char' | 'segment' | 'anything'

/**
 * Parses a glob: `*` is any run within a path segment, `**` any run across segments (a whole segment `**` may also be none), `?` one
 * character, `{a,b}` a choice, `\` takes the next character literally. Nothing else is special.
 * Throws a SyntaxError that names what is wrong.
 */
export function parseGlob(glob: string): Piece[] {
  const { pieces, end } = parseUntil(glob, 0, '')
  if (end !== glob.length)
    throw new SyntaxError(`has a "${glob[end]}" that nothing opens; write "\\${glob[end]}" for the character itself`)
  return pieces
}

function parseUntil(glob: string, start: number, closers: string): { pieces: Piece[]; end: number } {
  const pieces: Piece[] = []
  let i = start
  const literal = (text: string) => {
    const last = pieces.at(-1)
    if (typeof last === 'object' && 'literal' in last) last.literal += text
    else pieces.push({ literal: text })
  }
  while (i < glob.length) {
    const char = glob[i]!
    if (closers.includes(char)) return { pieces, end: i }
    if (char === '\\') {
      if (i + 1 === glob.length) throw new SyntaxError('ends in a lone "\\"')
      literal(glob[i + 1]!)
      i += 2
    } else if (glob.startsWith('**/', i) && (i === 0 || glob[i - 1] === '/')) {
      pieces.push({ oneOf: [[], ['anything', { literal: '/' }]] })
      i += 3
    } else if (glob.startsWith('**', i)) {
      pieces.push('anything')
      i += 2
    } else if (char === '*') {
      pieces.push('segment')
      i += 1
    } else if (char === '?') {
      pieces.push('char')
      i += 1
    } else if (char === '{') {
      const branches: Piece[][] = []
      do {
        const branch = parseUntil(glob, i + 1, ',}')
        if (branch.end === glob.length)
          throw new SyntaxError('has a "{" that nothing closes; write "\\{" for the character itself')
        branches.push(branch.pieces)
        i = branch.end
      } while (glob[i] === ',')
      pieces.push({ oneOf: branches })
      i += 1
    } else if (char === '}') {
      return { pieces, end: i }
    } else {
      literal(char)
      i += 1
    }
  }
  return { pieces, end: i }
}

/** What a step of the automaton reads: one exact character, any character, any but `/`; or nothing at all. */
type Reads = { char: string } | 'any' | 'any-but-slash' | 'nothing'
interface Edge {
  reads: Reads
  to: number
}

/** A language of strings as a nondeterministic automaton: state 0 starts, the last state accepts. */
export interface Language {
  edges: Edge[][]
}

export function languageOf(pieces: Piece[]): Language {
  const edges: Edge[][] = [[]]
  const state = () => edges.push([]) - 1
  const link = (from: number, reads: Reads, to: number) => edges[from]!.push({ reads, to })
  const walk = (items: Piece[], from: number): number => {
    let at = from
    for (const piece of items) {
      if (piece === 'char') {
        const next = state()
        link(at, 'any-but-slash', next)
        at = next
      } else if (piece === 'segment' || piece === 'anything') {
        const loop = state()
        link(at, 'nothing', loop)
        link(loop, piece === 'segment' ? 'any-but-slash' : 'any', loop)
        at = loop
      } else if ('literal' in piece) {
        for (const char of piece.literal) {
          const next = state()
          link(at, { char }, next)
          at = next
        }
      } else {
        const ends = piece.oneOf.map((branch) => walk(branch, at))
        const join = state()
        for (const end of ends) link(end, 'nothing', join)
        at = join
      }
    }
    return at
  }
  const end = walk(pieces, 0)
  const last = state()
  link(end, 'nothing', last)
  return { edges }
}

/** All states that can be reached without reading anything more. */
function closure(language: Language, states: Iterable<number>): Set<number> {
  const reached = new Set(states)
  for (const from of reached)
    for (const edge of language.edges[from]!) if (edge.reads === 'nothing') reached.add(edge.to)
  return reached
}

function step(language: Language, states: Set<number>, char: string): Set<number> {
  const next: number[] = []
  for (const from of states)
    for (const { reads, to } of language.edges[from]!)
      if (
        reads === 'any' ||
        (reads === 'any-but-slash' && char !== '/') ||
        (typeof reads === 'object' && reads.char === char)
      )
        next.push(to)
  return closure(language, next)
}

const accepts = (language: Language, states: Set<number>) => states.has(language.edges.length - 1)

export function matches(language: Language, text: string): boolean {
  let states = closure(language, [0])
  for (const char of text) {
    if (states.size === 0) return false
    states = step(language, states, char)
  }
  return accepts(language, states)
}

const STATES_MAX = 20_000

/**
 * A shortest string that is in every one of `all` and in none of `except`; `undefined` where there is none, which is proof.
 * `'undecided'` where the search grows too large: to be treated as if there were one.
 */
export function commonString(all: Language[], except: Language[] = []): { example: string } | 'undecided' | undefined {
  const both = [...all, ...except]
  const alphabet = new Set(['/', freshChar(both)])
  for (const language of both)
    for (const edges of language.edges)
      for (const { reads } of edges) if (typeof reads === 'object') alphabet.add(reads.char)
  const name = (sets: Set<number>[]) => sets.map((set) => [...set].sort((x, y) => x - y).join(',')).join('|')
  const start = both.map((language) => closure(language, [0]))
  const seen = new Set([name(start)])
  const queue = [{ sets: start, text: '' }]
  for (const { sets, text } of queue) {
    if (both.every((language, i) => accepts(language, sets[i]!) === i < all.length)) return { example: text }
    for (const char of alphabet) {
      const next = both.map((language, i) => step(language, sets[i]!, char))
      if (all.some((_, i) => next[i]!.size === 0)) continue
      const id = name(next)
      if (seen.has(id)) continue
      if (seen.size >= STATES_MAX) return 'undecided'
      seen.add(id)
      queue.push({ sets: next, text: text + char })
    }
  }
  return undefined
}

/** A character that no literal uses: it stands for all the others. */
function freshChar(languages: Language[]): string {
  const used = new Set(
    languages.flatMap((language) =>
      language.edges.flat().map(({ reads }) => (typeof reads === 'object' ? reads.char : '')),
    ),
  )
  for (let code = 0x78; ; code++) if (!used.has(String.fromCodePoint(code))) return String.fromCodePoint(code)
}

/** The part of a glob before its first special character, cut back to whole folders (ends in `/` or is empty). */
export function literalFolder(pieces: Piece[]): string {
  const first = pieces[0]
  const literal = typeof first === 'object' && 'literal' in first ? first.literal : ''
  return literal.slice(0, literal.lastIndexOf('/') + 1)
}
