// What an `s3:` URL says: which bucket and prefix, where its server is, and what that server can do.
import { z } from 'zod'
import { ThumbsmithError } from '../errors.ts'

export interface S3Location {
  bucket: string
  /** Every key of the store begins with it in the bucket: empty or ending in `/`. */
  prefix: string
  /** `undefined`: AWS. */
  endpoint: string | undefined
  /** `undefined`: as the environment says. */
  region: string | undefined
  /** The bucket in the path, not in the host name. */
  pathStyle: boolean
  /** `when-required`: for servers that do not know the checksums that the SDK sends by itself. */
  checksums: 'when-supported' | 'when-required'
  /** `put`: for servers that take no form uploads. */
  ticket: 'post' | 'put'
}

const BUCKET = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')

function isPlainSite(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}

const querySchema = z.strictObject({
  endpoint: z
    .string()
    .refine(isPlainSite, { message: 'must be a plain URL such as http://127.0.0.1:9000, without credentials' })
    .optional(),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .optional(),
  pathStyle: flag.default(false),
  checksums: z.enum(['when-supported', 'when-required']).default('when-supported'),
  ticket: z.enum(['post', 'put']).default('post'),
})

/**
 * Reads `s3://bucket/prefix?endpoint=…&region=…&pathStyle=true&checksums=when-required&ticket=put`; all but the bucket may be left out.
 * `name` is the setting it stands in. Throws `config.invalid`; never repeats a password.
 */
export function parseS3Url(name: string, url: string): S3Location {
  const invalid = (message: string) => new ThumbsmithError('config.invalid', `${name}: ${message}`)
  const [, authority = '', path = '', query = ''] = /^s3:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url) ?? []
  if (authority.includes('@'))
    throw invalid('credentials do not belong in the URL. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.')
  if (!BUCKET.test(authority)) throw invalid(`"s3://${authority}" names no bucket. Write for example s3://pictures`)
  const parameters = new URLSearchParams(query)
  const parsed = querySchema.safeParse(Object.fromEntries(parameters))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    if (issue?.code === 'unrecognized_keys')
      throw invalid(`?${issue.keys[0]}= is no setting. Known are ${Object.keys(querySchema.shape).join(', ')}.`)
    throw invalid(`?${issue?.path.join('.')}= ${issue?.message}.`)
  }
  const folder = decoded(path).replace(/\/+$/, '')
  if (folder.startsWith('/')) throw invalid('the prefix begins with a second slash. Remove it.')
  const { endpoint, region, ...rest } = parsed.data
  // A server of one's own has no regions, but signatures name one.
  return {
    bucket: authority,
    prefix: folder === '' ? '' : `${folder}/`,
    endpoint,
    region: region ?? (endpoint === undefined ? undefined : 'us-east-1'),
    ...rest,
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
