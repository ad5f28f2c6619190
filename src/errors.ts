// Every error this system can answer with: code -> HTTP status, whether trying again can help, and a sentence for people.

/**
 * When trying again can help: `never` (the answer is final), `later` (an outage: it costs the job no attempt),
 * `lethal` (the decoder process died on these bytes: two deaths and the original is quarantined).
 */
export type Retry = 'never' | 'later' | 'lethal'

interface ErrorRow {
  status: number
  retry: Retry
  message: string
}

const row = (status: number, retry: Retry, message: string): ErrorRow => ({ status, retry, message })

export const ERRORS = {
  'image.empty': row(422, 'never', 'The file is empty.'),
  'image.not_an_image': row(422, 'never', 'This file is not a picture.'),
  'image.unsupported_format': row(422, 'never', 'This kind of picture cannot be read.'),
  'image.too_many_bytes': row(413, 'never', 'The file is too big.'),
  'image.too_many_pixels': row(422, 'never', 'The picture is too wide or too tall.'),
  'image.needs_too_much_memory': row(422, 'never', 'The picture would need too much memory to open.'),
  'image.too_many_frames': row(422, 'never', 'The animation has too many frames.'),
  'image.damaged': row(422, 'never', 'The file is damaged or cut short.'),
  'image.cannot_be_rendered': row(422, 'never', 'The picture could not be rendered with this preset.'),
  'decoder.died': row(422, 'lethal', 'The picture made the decoder stop, so it was set aside.'),
  'decoder.too_slow': row(422, 'lethal', 'The picture took too long to open, so it was set aside.'),
  'decoder.too_much_memory': row(422, 'lethal', 'The picture took too much memory to open, so it was set aside.'),

  'title.invalid': row(400, 'never', 'The title cannot be used.'),
  'title.not_readable': row(422, 'never', 'The title could not be made readable on this picture.'),
  'title.does_not_fit': row(422, 'never', 'The title does not fit on the picture.'),

  'rendition.key_taken': row(409, 'never', 'Another object already stands where this rendition would go.'),
  'rendition.too_often': row(429, 'never', 'This picture was rendered too often today, so rendering was stopped.'),

  'key.invalid': row(400, 'never', 'This key cannot be used.'),
  'key.conflict': row(409, 'never', 'This key cannot stand beside one that exists already.'),

  'ticket.expired': row(403, 'never', 'The upload ticket has expired. Ask for a new one.'),
  'ticket.refused': row(403, 'never', 'The upload does not match its ticket.'),
  'ticket.used': row(412, 'never', 'The upload ticket was used already.'),
  'ticket.too_large': row(413, 'never', 'The file is larger than its ticket allows.'),
  'ticket.too_small': row(400, 'never', 'The file is smaller than its ticket allows.'),
  'ticket.not_offered': row(404, 'never', 'No rule offers uploads of this kind.'),
  'link.expired': row(403, 'never', 'The link has expired. Ask for a new one.'),
  'link.refused': row(403, 'never', 'The link is not valid.'),

  'request.invalid': row(400, 'never', 'The request is not valid.'),
  'request.too_large': row(413, 'never', 'The request is too large.'),
  'request.conflict': row(412, 'never', 'It was changed in the meantime. Read it again and repeat.'),
  'request.too_many': row(429, 'later', 'Too many requests. Wait a moment.'),
  'auth.required': row(401, 'never', 'Sign in first.'),
  'auth.forbidden': row(403, 'never', 'This is not allowed from here.'),
  'auth.unavailable': row(503, 'later', 'Nobody can be signed in at the moment.'),
  not_found: row(404, 'never', 'There is nothing here.'),

  'config.invalid': row(500, 'never', 'The configuration is not valid.'),
  'storage.precondition_failed': row(412, 'later', 'The object was changed in the meantime.'),
  'storage.unavailable': row(503, 'later', 'The store cannot be reached.'),
  'storage.denied': row(503, 'never', 'This file may not be read. Let the user that runs thumbsmith read it.'),
  'storage.full': row(507, 'later', 'The store is full.'),
  'queue.unavailable': row(503, 'later', 'The queue cannot be reached.'),
  'notifier.unavailable': row(503, 'later', 'The notification could not be sent.'),
  internal: row(500, 'later', 'Something went wrong on our side.'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** An error of this system. `message` is for people; `detail` is for the log and may hold a vendor's own words. */
export class ThumbsmithError extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined

  constructor(code: ErrorCode, message?: string, options: { detail?: string | undefined; cause?: unknown } = {}) {
    super(message ?? ERRORS[code].message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ThumbsmithError'
    this.code = code
    this.detail = options.detail
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get retry(): Retry {
    return ERRORS[this.code].retry
  }
}

/** Any thrown value as an error of this system; what is not known becomes `internal` and may be tried again. */
export function toThumbsmithError(thrown: unknown): ThumbsmithError {
  if (thrown instanceof ThumbsmithError) return thrown
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return new ThumbsmithError('internal', undefined, { detail, cause: thrown })
}
