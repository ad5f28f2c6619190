// The shapes that the API takes and gives; they are also its OpenAPI document. Shared, as types, with the dashboard and the client.
import { z } from '@hono/zod-openapi'
import { focusSchema } from '../original-schema.ts'
import { presetSchema } from '../preset-schema.ts'
import { OUTPUT_FORMATS } from '../preset-words.ts'
import { ticketSchema } from '../ticket.ts'
import { titleReportSchema } from '../title-report.ts'

export const idSchema = z
  .string()
  .regex(/^[\w-]{1,1366}$/)
  .openapi({ description: 'base64url of the key: opaque to clients.' })

export const problemSchema = z
  .object({
    type: z.string().describe('Where the code is explained.'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable: programs read this.'),
    detail: z.string().describe('A sentence for people.'),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('For `request.invalid`: which parts are wrong.'),
  })
  .openapi('Problem', { description: 'How every error is told (RFC 9457).' })
export type Problem = z.infer<typeof problemSchema>

export const failureSchema = z.object({ code: z.string(), message: z.string() }).openapi('Failure')

export const renditionSchema = z
  .object({
    preset: z.string(),
    state: z.enum(['queued', 'rendering', 'ready', 'failed']),
    stale: z.boolean().describe('The preset changed since; the picture shown is of its older form.'),
    href: z.string().optional().describe('Lasting link, for those who may see it: redirects to a short-lived one.'),
    url: z
      .string()
      .optional()
      .describe('Short-lived signed link to the bytes; those of the last version while a newer one is being rendered.'),
    downloadUrl: z.string().optional().describe("The same, as a download under a person's file name."),
    format: z.enum(OUTPUT_FORMATS).optional(),
    contentType: z.string().optional(),
    width: z.int().optional().describe('Pixels.'),
    height: z.int().optional().describe('Pixels.'),
    bytes: z.int().optional(),
    fingerprint: z.string().optional().describe('Names this version of the picture: it changes when the bytes do.'),
    error: failureSchema.optional(),
    missingCharacters: z.array(z.string()).optional().describe('Characters of the title that no font has.'),
    title: titleReportSchema
      .describe('Of the title that was drawn: how well it can be read, and why it stands where it does.')
      .openapi('TitleReport')
      .optional(),
  })
  .openapi('Rendition', { description: 'One original as one preset.' })
export type RenditionView = z.infer<typeof renditionSchema>

export const originalSchema = z
  .object({
    id: idSchema,
    key: z.string(),
    filename: z.string(),
    owner: z.string(),
    state: z
      .enum(['queued', 'rendering', 'ready', 'partial', 'failed'])
      .describe('`partial`: some renditions are ready and some have failed.'),
    title: z.string(),
    focus: focusSchema.optional().describe('Where the eye should rest, as fractions of width and height.'),
    revision: z.int().describe('Counts the edits since the upload; send it back as `ifRevision`.'),
    bytes: z.int(),
    uploadedAt: z.iso.datetime(),
    facts: z
      .object({ format: z.string(), width: z.int(), height: z.int(), frames: z.int(), thumbhash: z.string() })
      .optional()
      .describe('Known once the bytes were looked at. Pixels are as displayed.'),
    error: failureSchema.optional().describe('Why the original as a whole failed.'),
    renditions: z.array(renditionSchema),
  })
  .openapi('Original')
export type OriginalView = z.infer<typeof originalSchema>

export const originalListSchema = z
  .object({
    originals: z.array(originalSchema),
    next: z.string().optional().describe('Pass it as `cursor` for the next page; without it this was the last.'),
  })
  .openapi('OriginalList')
export type OriginalList = z.infer<typeof originalListSchema>

/** What an upload may say to be; what it is follows from its bytes. */
const CONTENT_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif']
export const contentTypesOf = ({ tiff }: { tiff?: boolean }): string[] =>
  tiff ? [...CONTENT_TYPES, 'image/tiff'] : CONTENT_TYPES

export const uploadRequestSchema = z
  .strictObject({
    filename: z.string().min(1).max(1024),
    contentType: z
      .string()
      .regex(/^image\/[\w.+-]{1,60}$/, 'must be an image type such as image/jpeg')
      .describe(
        `One of \`upload.contentTypes\` of \`/v1/about\`: ${CONTENT_TYPES.join(', ')}, and image/tiff where the server takes it.`,
      ),
    bytes: z.int().positive().describe('Exact size of the file.'),
    title: z.string().max(20_000).optional(),
    focus: focusSchema.optional().describe('Where the eye should rest, as fractions of width and height.'),
    rule: z.string().optional().describe('The rule to upload under, where several offer tickets; else the first one.'),
  })
  .openapi('UploadRequest', {
    example: {
      filename: 'crab.jpg',
      contentType: 'image/jpeg',
      bytes: 4_812_034,
      title: 'Ten things nobody told you 🦀',
    },
  })
export type UploadRequest = z.infer<typeof uploadRequestSchema>

export const uploadSchema = z.object({ id: idSchema, key: z.string(), ticket: ticketSchema }).openapi('Upload')
export type Upload = z.infer<typeof uploadSchema>

export const BULK_MAX = 200
export const bulkRequestSchema = z
  .strictObject({ uploads: z.array(uploadRequestSchema).min(1).max(BULK_MAX) })
  .openapi('BulkUploadRequest')
/** One answer per request, in order: an upload, or why there is none. */
export const bulkSchema = z
  .object({ uploads: z.array(z.union([uploadSchema, z.object({ error: failureSchema })])) })
  .openapi('BulkUpload')

export const editSchema = z
  .strictObject({
    title: z.string().max(20_000).optional(),
    focus: focusSchema.nullable().optional().describe('`null` takes it away.'),
    ifRevision: z
      .int()
      .nonnegative()
      .optional()
      .describe('Only if the revision is still this one; else `request.conflict`.'),
  })
  .openapi('Edit', { example: { title: 'Eleven things', ifRevision: 0 } })
export type Edit = z.infer<typeof editSchema>

/** What a page needs to know before anything is uploaded. */
export const aboutSchema = z
  .object({
    version: z.string(),
    owner: z.string(),
    operator: z.boolean(),
    upload: z.object({ offered: z.boolean(), maxBytes: z.int(), contentTypes: z.array(z.string()) }),
    events: z.boolean().describe('Are there live events at /v1/events? Else poll the list.'),
    presets: z.array(
      z.object({
        name: z.string(),
        title: z.boolean(),
        preset: presetSchema.describe('How an image should look.').openapi('Preset'),
      }),
    ),
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
