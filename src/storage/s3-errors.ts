// What the refusals of an S3 server mean: each told once in the words of the storage port.
import { S3ServiceException } from '@aws-sdk/client-s3'
import { type ErrorCode, ThumbsmithError } from '../errors.ts'

/** What was being done: the verb for people, and the permission it needs. */
export interface S3Action {
  what: string
  permission: string
}

/** The server's own word for a refusal, or the class of error where there was no answer. */
export const codeOf = (error: unknown): string => (error instanceof Error ? error.name : '')

/** The HTTP status of the answer; `undefined` where there was none. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

/** Authoritative: this object is not there. A missing bucket is none of it. */
export function isMissingObject(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== 'NoSuchBucket'
}

/** Another conditional write of the same key runs; the server asks to come again. */
export const isRace = (error: unknown): boolean => statusOf(error) === 409 && codeOf(error) !== 'BucketAlreadyExists'

const FULL = new Set(['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull', 'StorageFull', 'AccountProblem'])
const BAD_KEY = new Set(['KeyTooLongError', 'KeyTooLong', 'InvalidObjectName', 'XMinioInvalidObjectName', 'InvalidURI'])
const NO_CREDENTIALS = /Credential|^TokenProviderError$|^InvalidAccessKeyId$|^InvalidToken$|^ExpiredToken$/
const ELSEWHERE = /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/

/** Any error of the SDK as an error of this system; one that is ours already stays as it is. */
export function storageError(error: unknown, bucket: string, action: S3Action): ThumbsmithError {
  if (error instanceof ThumbsmithError) return error
  const [code, status] = [codeOf(error), statusOf(error)]
  const detail = `${code}${status === undefined ? '' : ` (${status})`}: ${error instanceof Error ? error.message : String(error)}`
  const because = (as: ErrorCode, message?: string) => new ThumbsmithError(as, message, { detail, cause: error })

  if (status === 412 || isRace(error)) return because('storage.precondition_failed')
  if (status === 416) return because('request.invalid', 'The range holds none of the bytes.')
  if (BAD_KEY.has(code))
    return because('key.invalid', 'The store does not take this key. Use a shorter or plainer one.')
  if (status === 507 || FULL.has(code))
    return because('storage.full', `The bucket ${bucket} is full. Free some space, or raise its quota.`)
  return because('storage.unavailable', `The bucket ${bucket} ${sentence(code, status, action)}`)
}

function sentence(code: string, status: number | undefined, { what, permission }: S3Action): string {
  if (code === 'NoSuchBucket') return 'does not exist. Create it, or mend its name.'
  if (NO_CREDENTIALS.test(code))
    return 'cannot be used without valid credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role.'
  if (code === 'SignatureDoesNotMatch') return 'refuses the signature. Check the secret key, the region and the clock.'
  if (ELSEWHERE.test(code) || status === 301)
    return 'is in another region. Add &region=… to its URL, or set AWS_REGION.'
  if (status === 403) return `does not allow to ${what}. Allow ${permission} to the credentials that thumbsmith uses.`
  if (status === 501 || status === 405) return `is on a server that cannot ${what}.`
  if (status !== undefined && status < 500 && status !== 429 && status !== 408)
    return `answered ${status} when asked to ${what}.`
  return 'cannot be reached, or is too busy. It will be tried again.'
}
