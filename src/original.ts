// The original: the bytes as uploaded. What its key and metadata say about it, and which objects are never originals.
import type { z } from 'zod'
import { ThumbsmithError } from './errors.ts'
import { graphemesOf } from './graphemes.ts'
import type { factsSchema, focusSchema } from './original-schema.ts'

/** Everything under this prefix is thumbsmith's own state, in any store. */
export const RESERVED_PREFIX = '.thumbsmith/'

/** Object metadata that marks a rendition: whose it is, and from which inputs. A marked object is never an original. */
export const MARK = 'thumbsmith-original'
export const FINGERPRINT = 'thumbsmith-fingerprint'
/** Object metadata of a rendition with a title: how well it can be read. */
export const READABLE = 'thumbsmith-readable'

/** Object metadata of an original that came by our own ticket: its first title as base64url(UTF-8). */
export const TITLE_METADATA = 'thumbsmith-text'
/** The same of its focus: `0.42,0.3`. */
const FOCUS_METADATA = 'thumbsmith-focus'
/** The same, as other systems write it: plain or RFC 2047 encoded. */
const FOREIGN_TITLE_METADATA = 'text'

export const TITLE_MAX_GRAPHEMES = 300
export const TITLE_MAX_BYTES = 1024

export type Facts = z.infer<typeof factsSchema>
export type Focus = z.infer<typeof focusSchema>

/** An opaque name for a key that is safe in any URL: base64url of its UTF-8. */
export function idOfKey(key: string): string {
  return toBase64Url(key)
}

/** The key of an id, or `undefined` where it is no id that we gave. */
export function keyOfId(id: string): string | undefined {
  const key = fromBase64Url(id)
  return key !== '' && idOfKey(key) === id ? key : undefined
}

function toBase64Url(text: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(text))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** What is no base64url gives `''`; what is no UTF-8 gets U+FFFD. */
function fromBase64Url(text: string): string {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return ''
  return decodeUtf8(atob(text.replaceAll('-', '+').replaceAll('_', '/')))
}

function decodeUtf8(binary: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)))
}

/**
 * A title as people may type it: NFC, white space collapsed, control and bidi-override characters dropped. `''` means none.
 * Throws `title.invalid` beyond 300 graphemes or 1,024 bytes of UTF-8, or if it is not well-formed Unicode.
 */
export function parseTitle(text: string): string {
  if (!text.isWellFormed()) throw new ThumbsmithError('title.invalid', 'The title is not well-formed Unicode.')
  if (text.length > 16 * TITLE_MAX_BYTES)
    throw new ThumbsmithError('title.invalid', `The title is too long: at most ${TITLE_MAX_GRAPHEMES} characters.`)
  const title = text
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069\ufeff]/gu, '')
    .trim()
  const bytes = new TextEncoder().encode(title).length
  if (bytes > TITLE_MAX_BYTES)
    throw new ThumbsmithError('title.invalid', `The title has ${bytes} bytes; at most ${TITLE_MAX_BYTES} are possible.`)
  const count = graphemesOf(title).length
  if (count > TITLE_MAX_GRAPHEMES)
    throw new ThumbsmithError(
      'title.invalid',
      `The title has ${count} characters; at most ${TITLE_MAX_GRAPHEMES} are possible.`,
    )
  return title
}

/** The metadata with which our tickets carry the first title. */
export function titleToMetadata(title: string): Record<string, string> {
  return title === '' ? {} : { [TITLE_METADATA]: toBase64Url(title) }
}

/** The same for the focus, to a ten-thousandth. */
export function focusToMetadata(focus: Focus | undefined): Record<string, string> {
  return focus ? { [FOCUS_METADATA]: [focus.x, focus.y].map((share) => Number(share.toFixed(4))).join() } : {}
}

/** The focus an original came with; what is none is none. */
export function focusFromMetadata(metadata: Record<string, string>): Focus | undefined {
  const [, x, y] = /^(\d(?:\.\d{1,8})?),(\d(?:\.\d{1,8})?)$/.exec(metadata[FOCUS_METADATA] ?? '') ?? []
  return x === undefined || Number(x) > 1 || Number(y) > 1 ? undefined : { x: Number(x), y: Number(y) }
}

/** The title an original came with; `''` where there is none or it cannot be used (a foreign title must not fail the picture). */
export function titleFromMetadata(metadata: Record<string, string>): string {
  const own = metadata[TITLE_METADATA]
  const foreign = metadata[FOREIGN_TITLE_METADATA]
  try {
    if (own !== undefined) return parseTitle(fromBase64Url(own))
    if (foreign !== undefined) return parseTitle(decodeRfc2047(foreign))
  } catch (error) {
    if (!(error instanceof ThumbsmithError)) throw error
  }
  return ''
}

/** Decodes RFC 2047 encoded words once; S3 gives non-ASCII metadata back in this form. */
function decodeRfc2047(text: string): string {
  const joined = text.replace(/\?=\s+=\?/g, '?==?')
  return joined.replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (whole, encoding: string, body: string) => {
    if (encoding.toLowerCase() === 'b')
      return /^[A-Za-z0-9+/]+={0,2}$/.test(body) && body.length % 4 === 0 ? decodeUtf8(atob(body)) : whole
    return decodeUtf8(
      body.replaceAll('_', ' ').replace(/=([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    )
  })
}
