// A ticket: what a client gets in order to upload one original, and the policy its signature enforces.
import { z } from 'zod'

/** What a store's signature enforces: exactly this key, type and metadata, a length in range, once, and not for long. */
export interface UploadPolicy {
  method: 'POST' | 'PUT'
  key: string
  contentType: string
  /** A POST policy takes any length in this range; a PUT ticket signs `bytes` exactly. */
  minBytes: number
  maxBytes: number
  /** The exact length, known to the client beforehand; required for PUT. */
  bytes?: number | undefined
  metadata: Record<string, string>
  expiresInSeconds: number
}

export const ticketSchema = z.discriminatedUnion('method', [
  z.object({
    method: z.literal('POST'),
    url: z
      .string()
      .describe('Send a multipart/form-data POST here: every field first, the file last, in a field called `file`.'),
    fields: z.record(z.string(), z.string()),
    expiresAt: z.iso.datetime(),
  }),
  z.object({
    method: z.literal('PUT'),
    url: z.string().describe('Send the bytes here with exactly these headers.'),
    headers: z.record(z.string(), z.string()),
    expiresAt: z.iso.datetime(),
  }),
])
export type Ticket = z.infer<typeof ticketSchema>

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'
const TIME_DIGITS = 10
const TIME_MAX = 32 ** TIME_DIGITS - 1
const RANDOM_BYTES = 20

/** A ticket id: 10 characters of falling time, so that ids sort newest first, then 20 characters (100 bits) nobody can guess. */
export function newTicketId(now: Date = new Date()): string {
  let time = TIME_MAX - now.getTime()
  let id = ''
  for (let i = 0; i < TIME_DIGITS; i++) {
    id = ALPHABET[time % 32] + id
    time = Math.floor(time / 32)
  }
  for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_BYTES))) id += ALPHABET[byte % 32]
  return id
}

const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i

/**
 * A person's file name made fit for a key: last path segment only, NFC, no control or path characters, at most 120 bytes with its
 * extension kept. Never empty.
 */
export function cleanFilename(filename: string): string {
  const last = filename.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  let name = last.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>:"|?*]/gu, '').replace(/^[.\s]+|[.\s]+$/gu, '')
  if (RESERVED.test(name)) name = `_${name}`
  const dot = name.lastIndexOf('.')
  const ext = dot > 0 && name.length - dot <= 10 ? name.slice(dot) : ''
  let stem = ext ? name.slice(0, dot) : name
  while (new TextEncoder().encode(stem + ext).length > 120) stem = [...stem].slice(0, -1).join('')
  return stem + ext || 'image'
}
