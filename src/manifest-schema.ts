// The shape of a manifest as it is kept.
import { z } from 'zod'
import { ERRORS, type ErrorCode } from './errors.ts'
import { factsSchema, focusSchema } from './original-schema.ts'
import { OUTPUT_FORMATS } from './preset-words.ts'
import { titleReportSchema } from './title-report.ts'

const errorCode = z.custom<ErrorCode>((value) => typeof value === 'string' && Object.hasOwn(ERRORS, value))
const failureSchema = z.object({ code: errorCode, message: z.string() })

export const renditionSchema = z.object({
  state: z.enum(['queued', 'rendering', 'ready', 'failed']),
  /** True where the preset or the engine changed since; `apply` renews it. */
  stale: z.boolean().default(false),
  /** What it was, or is being, made from; see preset.ts. */
  inputs: z.object({ etag: z.string(), edit: z.string(), preset: z.string() }),
  fingerprint: z.string(),
  /** What stands in the store; kept while a newer version is being rendered. */
  object: z
    .object({
      store: z.enum(['originals', 'renditions']),
      key: z.string(),
      etag: z.string(),
      fingerprint: z.string(),
      bytes: z.int().nonnegative(),
      width: z.int().positive(),
      height: z.int().positive(),
      format: z.enum(OUTPUT_FORMATS),
      contentType: z.string(),
      renderedAt: z.iso.datetime(),
    })
    .optional(),
  error: failureSchema.optional(),
  missingCharacters: z.array(z.string()).optional(),
  /** Of the title that was drawn. */
  title: titleReportSchema.optional(),
})

export const manifestSchema = z.object({
  schema: z.literal(1),
  key: z.string(),
  owner: z.string(),
  rule: z.string(),
  original: z.object({
    etag: z.string(),
    bytes: z.int().nonnegative(),
    contentType: z.string(),
    modified: z.iso.datetime(),
    /** When thumbsmith first looked at this version. */
    seen: z.iso.datetime(),
    /** The title and the focus it came with. */
    title: z.string(),
    focus: focusSchema.optional(),
    facts: factsSchema.optional(),
  }),
  /** What its owner changed since the upload. Lives only here: the original is never rewritten. */
  edit: z
    .object({
      revision: z.int().positive(),
      title: z.string().optional(),
      /** `null`: taken away. */
      focus: focusSchema.nullable().optional(),
      at: z.iso.datetime(),
    })
    .optional(),
  /** Why the original as a whole failed. */
  error: failureSchema.optional(),
  renditions: z.record(z.string(), renditionSchema),
  /** Written before the decode: who renders now, and until when that is believed. */
  claim: z.object({ token: z.string(), until: z.iso.datetime() }).optional(),
  /** Of the present version of the original: decoder deaths that were seen, and attempts that vanished with their worker. */
  attempts: z.object({ deaths: z.int(), vanished: z.int() }),
  /** How often it was rendered today; the breaker reads it. */
  rendered: z.object({ day: z.string(), times: z.int() }),
  /** The versions (notification ids) already told of, newest last; and what is still owed to whom. */
  notified: z.array(z.string()),
  owed: z.array(
    z.object({
      id: z.string(),
      notifier: z.string(),
      outcome: z.enum(['ready', 'partial', 'failed']),
      at: z.iso.datetime(),
      tries: z.int(),
      notBefore: z.iso.datetime(),
    }),
  ),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
