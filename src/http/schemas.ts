// The shapes that the API takes and gives; they are also its OpenAPI document. Shared, as types, with the dashboard and the client.
import { z } from '@hono/zod-openapi'
import { focusSchema } from '../original.ts'
import { OUTPUT_FORMATS, presetSchema } from '../preset.ts'
import { ticketSchema } from '../ticket.ts'

export const idSchema = z
  .string()
  .regex(/^[\w-]{1,1366}$/)
  .openapi({ description: 'base64url of the key: opaque to clients.' })

/** RFC 9457. `code` is stable; `detail` is a sentence for people. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    /** For `request.invalid`: which parts are wrong. */
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem')
export type Problem = z.infer<typeof problemSchema>

export const failureSchema = z.object({ code: z.string(), message: z.string() }).openapi('Failure')

export const renditionSchema = z
  .object({
    preset: z.string(),
    state: z.enum(['queued', 'rendering', 'ready', 'failed']),
    /** The preset changed since; the picture shown is of its older form. */
    stale: z.boolean(),
    /** Lasting link, for those who may see it: redirects to a short-lived one. */
    href: z.string().optional(),
    /** Short-lived signed link to the bytes; those of the last version while a newer one is being rendered. */
    url: z.string().optional(),
    /** The same, as a download under a person's file name. */
    downloadUrl: z.string().optional(),
    format: z.enum(OUTPUT_FORMATS).optional(),
    contentType: z.string().optional(),
    width: z.int().optional(),
    height: z.int().optional(),
    bytes: z.int().optional(),
    /** Names this version of the picture: it changes when the bytes do. */
    fingerprint: z.string().optional(),
    error: failureSchema.optional(),
    /** Characters of the title that no font has. */
    missingCharacters: z.array(z.string()).optional(),
  })
  .openapi('Rendition')
export type RenditionView = z.infer<typeof renditionSchema>

export const originalSchema = z
  .object({
    id: idSchema,
    key: z.string(),
    filename: z.string(),
    owner: z.string(),
    state: z.enum(['queued', 'rendering', 'ready', 'partial', 'failed']),
    title: z.string(),
    focus: focusSchema.optional(),
    /** Counts the edits since the upload; send it back as `ifRevision`. */
    revision: z.int(),
    bytes: z.int(),
    uploadedAt: z.iso.datetime(),
    /** Known once the bytes were looked at. Pixels are as displayed. */
    facts: z
      .object({ format: z.string(), width: z.int(), height: z.int(), frames: z.int(), thumbhash: z.string() })
      .optional(),
    error: failureSchema.optional(),
    renditions: z.array(renditionSchema),
  })
  .openapi('Original')
export type OriginalView = z.infer<typeof originalSchema>

export const originalListSchema = z
  .object({
    originals: z.array(originalSchema),
    /** Pass it as `cursor` for the next page. */ next: z.string().optional(),
  })
  .openapi('OriginalList')
export type OriginalList = z.infer<typeof originalListSchema>

export const uploadRequestSchema = z
  .object({
    filename: z.string().min(1).max(1024),
    contentType: z.string().regex(/^image\/[\w.+-]{1,60}$/, 'must be an image type such as image/jpeg'),
    bytes: z.int().positive().openapi({ description: 'Exact size of the file.' }),
    title: z.string().max(20_000).optional(),
    /** The rule to upload under, where several offer tickets; else the first one. */
    rule: z.string().optional(),
  })
  .openapi('UploadRequest')
export type UploadRequest = z.infer<typeof uploadRequestSchema>

export const uploadSchema = z.object({ id: idSchema, key: z.string(), ticket: ticketSchema }).openapi('Upload')
export type Upload = z.infer<typeof uploadSchema>

export const BULK_MAX = 200
export const bulkRequestSchema = z
  .object({ uploads: z.array(uploadRequestSchema).min(1).max(BULK_MAX) })
  .openapi('BulkUploadRequest')
/** One answer per request, in order: an upload, or why there is none. */
export const bulkSchema = z
  .object({ uploads: z.array(z.union([uploadSchema, z.object({ error: failureSchema })])) })
  .openapi('BulkUpload')

export const editSchema = z
  .object({
    title: z.string().max(20_000).optional(),
    focus: focusSchema.nullable().optional(),
    /** Only if the revision is still this one; else `request.conflict`. */
    ifRevision: z.int().nonnegative().optional(),
  })
  .openapi('Edit')
export type Edit = z.infer<typeof editSchema>

/** What a page needs to know before anything is uploaded. */
export const aboutSchema = z
  .object({
    version: z.string(),
    owner: z.string(),
    operator: z.boolean(),
    upload: z.object({ offered: z.boolean(), maxBytes: z.int(), contentTypes: z.array(z.string()) }),
    presets: z.array(z.object({ name: z.string(), title: z.boolean(), preset: presetSchema })),
  })
  .openapi('About')
export type About = z.infer<typeof aboutSchema>

/** Server-sent events of /v1/events. `reset`: some were missed, read the list again. */
export const feedEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('original'), original: originalSchema }),
  z.object({ type: z.literal('removed'), id: idSchema }),
  z.object({ type: z.literal('reset') }),
])
export type FeedEvent = z.infer<typeof feedEventSchema>
