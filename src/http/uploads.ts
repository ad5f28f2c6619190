// Routes that give out tickets: where and how to send one original, or many.
import { createRoute } from '@hono/zod-openapi'
import type { Identity } from '../auth/auth.ts'
import { ThumbsmithError } from '../errors.ts'
import { focusToMetadata, idOfKey, parseTitle, titleToMetadata } from '../original.ts'
import { describePattern, ownerOf, type Rule, ruleFor, ticketKey } from '../rule.ts'
import { cleanFilename, newTicketId } from '../ticket.ts'
import { json, jsonBody, PROBLEMS } from './documents.ts'
import { TooManyError } from './problems.ts'
import {
  bulkRequestSchema,
  bulkSchema,
  contentTypesOf,
  type Upload,
  type UploadRequest,
  uploadRequestSchema,
  uploadSchema,
} from './schemas.ts'
import type { Api, Services } from './services.ts'
import { absolute } from './views.ts'

const createUpload = createRoute({
  method: 'post',
  path: '/v1/uploads',
  summary: 'Ask for a ticket to upload one original',
  description: 'Send the bytes to `ticket.url` as the ticket says, then call `complete`.',
  request: { body: jsonBody(uploadRequestSchema) },
  responses: { 201: json('The ticket.', uploadSchema), ...PROBLEMS },
})

const createUploads = createRoute({
  method: 'post',
  path: '/v1/uploads/bulk',
  summary: 'Ask for many tickets at once',
  description: 'Each request is answered by itself, in order: one that is refused does not hold up the others.',
  request: { body: jsonBody(bulkRequestSchema) },
  responses: { 200: json('A ticket, or the reason why not, for each.', bulkSchema), ...PROBLEMS },
})

type TicketRule = Rule & { ticket: string }
export const offersTickets = (rule: Rule): rule is TicketRule => rule.ticket !== undefined

export function uploadRoutes(api: Api, services: Services): void {
  const { rules, limits, originals, rateLimit } = services

  const throttle = (identity: Identity, count: number) => {
    const waitSeconds = rateLimit?.take(identity.owner, count) ?? 0
    if (waitSeconds > 0) throw new TooManyError(waitSeconds)
  }

  async function ticketFor(request: UploadRequest, identity: Identity, origin: string): Promise<Upload> {
    const rule = findRule(rules, request.rule)
    const contentTypes = contentTypesOf(limits)
    if (!contentTypes.includes(request.contentType))
      throw new ThumbsmithError(
        'image.unsupported_format',
        `${request.contentType} cannot be read here. Send one of ${contentTypes.join(', ')}.`,
      )
    if (request.bytes > limits.uploadMaxBytes)
      throw new ThumbsmithError(
        'image.too_many_bytes',
        `The file has ${request.bytes} bytes; at most ${limits.uploadMaxBytes} are possible.`,
      )
    const key = keyFor(rules, rule, identity, request.filename)
    const ticket = await originals.signUpload({
      method: rule.method,
      key,
      contentType: request.contentType,
      minBytes: 1,
      maxBytes: limits.uploadMaxBytes,
      bytes: request.bytes,
      metadata: { ...titleToMetadata(parseTitle(request.title ?? '')), ...focusToMetadata(request.focus) },
      expiresInSeconds: limits.ticketSeconds,
    })
    return { id: idOfKey(key), key, ticket: { ...ticket, url: absolute(origin, ticket.url) } }
  }

  api.openapi(createUpload, async (c) => {
    const identity = c.get('identity')
    throttle(identity, 1)
    return c.json(await ticketFor(c.req.valid('json'), identity, c.get('origin')!), 201)
  })

  api.openapi(createUploads, async (c) => {
    const identity = c.get('identity')
    const { uploads } = c.req.valid('json')
    throttle(identity, uploads.length)
    const answers = uploads.map((request) => ticketFor(request, identity, c.get('origin')!).catch(refusal))
    return c.json({ uploads: await Promise.all(answers) }, 200)
  })
}

/** A refused request, as its place in the answer; what is our own fault fails them all. */
function refusal(error: unknown): { error: { code: string; message: string } } {
  if (!(error instanceof ThumbsmithError) || error.status >= 500) throw error
  return { error: { code: error.code, message: error.message } }
}

function findRule(rules: Rule[], name: string | undefined): TicketRule {
  const offering = rules.filter(offersTickets)
  const rule = name === undefined ? offering[0] : offering.find((candidate) => candidate.name === name)
  if (rule) return rule
  throw new ThumbsmithError(
    'ticket.not_offered',
    offering.length
      ? `No rule called ${JSON.stringify(name)} offers uploads. Those that do: ${offering.map((r) => r.name).join(', ')}.`
      : 'No rule offers uploads here. Give one a "ticket" in the configuration.',
  )
}

/** A fresh key that the rule itself will take and that will be this owner's; else the upload would be lost. */
function keyFor(rules: Rule[], rule: TicketRule, identity: Identity, filename: string): string {
  const clean = cleanFilename(filename)
  const key = ticketKey(rule, { owner: identity.owner, id: newTicketId(), filename: clean })
  if (ruleFor(rules, key) !== rule)
    throw new ThumbsmithError(
      'ticket.not_offered',
      `${JSON.stringify(clean)} is not accepted: rule "${rule.name}" takes ${describePattern(rule)}.`,
    )
  if (!identity.operator && ownerOf(rule, key) !== identity.owner)
    throw new ThumbsmithError(
      'ticket.not_offered',
      `Only an operator may upload under rule "${rule.name}": its keys do not say whose they are.`,
    )
  return key
}
