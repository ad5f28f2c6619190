// How keys become file names and back: one to one, below the root, and unchanged wherever a key is a safe path already.

/** The one folder at a store's root that holds the driver's own files; never part of an object's path. */
export const RESERVED_FOLDER = '.thumbsmith-store'

const NAME_MAX_BYTES = 255
/** Leaves room for a marker at both ends. */
const PIECE_MAX_BYTES = 240
/** Ends a folder that holds only the rest of a long segment, and begins that rest; no other name begins or ends so. */
const MARKER = '%+'
/** Short, so that even a key of 1,024 slashes fits the 4,096 bytes a path may have. */
const EMPTY = '%-'

const UNSAFE_CHARACTERS = /[\p{Cc}\\:*?"<>|]/u
const ENCODED_CHARACTERS = /[\p{Cc}\\:*?"<>|%]/gu
/** Windows drops a trailing dot or space; `.` and `..` are folders. */
const UNSAFE_END = /[. ]$/
/** What Windows keeps for devices, under any extension, and the short name (`THUMBS~1`) it may give to our own folder. */
const UNSAFE_WHOLE = /^(?:(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)|th[^.]{4}~[0-9]+$)/i

/** The path components, below the store's root, of the file that holds this key. The key must have passed `checkKey`. */
export function namesOfKey(key: string): string[] {
  return key.split('/').flatMap(namesOfSegment)
}

/** The key that a file at these path components has; `undefined` where no key is kept there. */
export function keyOfNames(names: string[]): string | undefined {
  const segments: string[] = []
  for (let i = 0; i < names.length; ) {
    const end = endOfSegment(names, i)
    const segment = segmentOfNames(names.slice(i, end))
    if (segment === undefined) return undefined
    segments.push(segment)
    i = end
  }
  return segments.length === 0 ? undefined : segments.join('/')
}

/** Whether a folder of this name holds only the rest of a long segment. */
export function isPiece(name: string): boolean {
  return name.endsWith(MARKER)
}

/** One key segment from the components that spell it; `undefined` where they are not how any segment is written. */
export function segmentOfNames(names: string[]): string | undefined {
  const name = names
    .map((piece, i) => piece.slice(i > 0 ? MARKER.length : 0, i < names.length - 1 ? -MARKER.length : undefined))
    .join('')
  const segment = unescapeSegment(name)
  const written = namesOfSegment(segment)
  return written.length === names.length && written.every((piece, i) => piece === names[i]) ? segment : undefined
}

/** Why a name is not how any segment is written, and how it would be. */
export function renaming(name: string): string {
  const [written, ...more] = namesOfSegment(unescapeSegment(name))
  const example = more.length || written === name ? '' : `, for example to ${JSON.stringify(written)}`
  return `no key is written like this. Rename it${example}`
}

function endOfSegment(names: string[], start: number): number {
  let end = start
  while (end < names.length - 1 && isPiece(names[end]!)) end++
  return end + 1
}

function namesOfSegment(segment: string): string[] {
  const name = escapeSegment(segment)
  if (Buffer.byteLength(name) <= NAME_MAX_BYTES) return [name]
  const pieces: string[] = []
  let piece = ''
  let bytes = 0
  for (const char of name) {
    const more = Buffer.byteLength(char)
    if (bytes + more > PIECE_MAX_BYTES) {
      pieces.push(piece)
      piece = ''
      bytes = 0
    }
    piece += char
    bytes += more
  }
  pieces.push(piece)
  return pieces.map((text, i) => (i > 0 ? MARKER : '') + text + (i < pieces.length - 1 ? MARKER : ''))
}

/** A segment stays as it is if it is a safe name and is not what another segment escapes to. */
function escapeSegment(segment: string): string {
  if (segment === '') return EMPTY
  if (!isSafe(segment)) return encode(segment)
  const decoded = decode(segment)
  return decoded !== segment && escapeSegment(decoded) === segment ? encode(segment) : segment
}

function unescapeSegment(name: string): string {
  const decoded = decode(name)
  return decoded !== name && escapeSegment(decoded) === name ? decoded : name
}

function isSafe(segment: string): boolean {
  return (
    !UNSAFE_CHARACTERS.test(segment) &&
    !UNSAFE_END.test(segment) &&
    !UNSAFE_WHOLE.test(segment) &&
    !segment.startsWith(MARKER) &&
    !segment.endsWith(MARKER) &&
    !isReservedFolder(segment)
  )
}

/** Also as file systems see it that ignore case and invisible characters (upper case, for U+017F is an `s` to them). */
function isReservedFolder(segment: string): boolean {
  return segment.replace(/\p{DI}/gu, '').toUpperCase() === RESERVED_FOLDER.toUpperCase()
}

function encode(segment: string): string {
  const escaped = segment.replace(ENCODED_CHARACTERS, percent).replace(UNSAFE_END, percent)
  if (isReservedFolder(segment)) return escaped.replace('-', percent)
  return UNSAFE_WHOLE.test(segment) ? percent(segment[0]!) + escaped.slice(1) : escaped
}

function decode(name: string): string {
  if (name === EMPTY) return ''
  return name.replace(/%(?!00)([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Nothing beyond U+009F is ever escaped. */
function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
