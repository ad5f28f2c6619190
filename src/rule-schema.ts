// What a rule may say, and what stands where it says nothing.
import { z } from 'zod'
import { parseGlob } from './glob.ts'
import { RESERVED_PREFIX } from './original.ts'
import { presetNameSchema } from './preset-schema.ts'

const globSchema = z
  .string()
  .min(1)
  .superRefine((glob, context) => {
    try {
      parseGlob(glob)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as SyntaxError).message })
    }
  })

const RENDITION_VARIABLES = ['dir', 'subdir', 'name', 'ext', 'preset', 'format'] as const
const TICKET_VARIABLES = ['owner', 'id', 'filename', 'ext'] as const
const OWNER_VARIABLES = ['owner'] as const

const templateSchema = (variables: readonly string[]) =>
  z
    .string()
    .min(1)
    .superRefine((template, context) => {
      for (const [, name] of template.matchAll(/\{([^{}]*)\}/g))
        if (!variables.includes(name!))
          context.addIssue({
            code: 'custom',
            message: `knows no {${name}}; it may use ${variables.map((v) => `{${v}}`).join(' ')}`,
          })
      if (template.startsWith(RESERVED_PREFIX))
        context.addIssue({
          code: 'custom',
          message: `may not begin with ${RESERVED_PREFIX}, which is thumbsmith's own`,
        })
    })

export const ruleSchema = z
  .strictObject({
    name: presetNameSchema.describe('Names the rule in messages and manifests.'),
    match: z
      .union([globSchema, z.array(globSchema).min(1)])
      .optional()
      .describe('Globs over the whole key: * ? {a,b} within a folder, ** across folders.'),
    prefix: z.string().min(1).optional().describe('The key must begin with this.'),
    extensions: z
      .array(z.string().regex(/^[a-z0-9]{1,10}$/, 'must be lower case, without a dot'))
      .min(1)
      .optional()
      .describe('The key must end in one of these, in any case.'),
    except: z.array(globSchema).default([]).describe('Keys that the rule leaves alone.'),
    presets: z.array(presetNameSchema).min(1).describe('Which presets its originals get.'),
    rendition: templateSchema(RENDITION_VARIABLES)
      .default('{dir}/{name}.{ext}/{preset}.{format}')
      .describe(
        'Key of each rendition: {dir} {subdir} {name} {ext} of the original ({subdir} is {dir} below the fixed part of the pattern), {preset}, {format} (its extension).',
      ),
    to: z.enum(['renditions', 'originals']).default('renditions').describe('The store that the renditions go to.'),
    ticket: templateSchema(TICKET_VARIABLES)
      .optional()
      .describe('Offer uploads under keys of this form: {owner} {id} {filename} {ext}.'),
    method: z
      .enum(['POST', 'PUT'])
      .default('POST')
      .describe('How tickets upload: a form whose policy bounds the size, or a plain PUT of a size named beforehand.'),
    owner: templateSchema(OWNER_VARIABLES)
      .optional()
      .describe('Whose a key is that came without a ticket, e.g. "medias/{owner}/**"; else it is the operator\'s.'),
    whenOriginalRemoved: z
      .enum(['remove', 'keep'])
      .default('remove')
      .describe('What becomes of the renditions when the original goes.'),
    expireAfterDays: z
      .number()
      .positive()
      .optional()
      .describe('Remove the original and its renditions this many days after the upload.'),
    notify: z.array(z.string()).default([]).describe('Names of the notifiers to tell when an upload has settled.'),
  })
  .refine((rule) => rule.match !== undefined || rule.prefix !== undefined || rule.extensions !== undefined, {
    message: 'matches nothing: give it a match, a prefix or extensions',
  })
  .refine((rule) => rule.ticket === undefined || rule.ticket.includes('{id}'), {
    message: 'needs {id} in its ticket, or uploads would overwrite each other',
  })
