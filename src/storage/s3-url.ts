// What an `s3:` URL says: which bucket and prefix, where its server is, and what that server can do.
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

function isPlainSite(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}

/** What may stand behind the question mark: when it is right, and else what it must be. */
const SETTINGS: Record<string, [isRight: (text: string) => boolean, must: string]> = {
  endpoint: [isPlainSite, 'must be a plain URL such as http://127.0.0.1:9000, without credentials'],
  region: [(text) => /^[a-z0-9-]{1,40}$/.test(text), 'must be a region such as eu-central-1'],
  pathStyle: [(text) => /^(true|false)$/.test(text), 'must be true or false'],
  checksums: [(text) => /^when-(supported|required)$/.test(text), 'must be when-supported or when-required'],
  ticket: [(text) => /^(post|put)$/.test(text), 'must be post or put'],
}

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
  for (const [setting, text] of parameters) {
    const known = Object.hasOwn(SETTINGS, setting) && SETTINGS[setting]
    if (!known) throw invalid(`?${setting}= is no setting. Known are ${Object.keys(SETTINGS).join(', ')}.`)
    if (!known[0](text)) throw invalid(`?${setting}= ${known[1]}.`)
  }
  const folder = decoded(path).replace(/\/+$/, '')
  if (folder.startsWith('/')) throw invalid('the prefix begins with a second slash. Remove it.')
  const endpoint = parameters.get('endpoint') ?? undefined
  return {
    bucket: authority,
    prefix: folder === '' ? '' : `${folder}/`,
    endpoint,
    // A server of one's own has no regions, but signatures name one.
    region: parameters.get('region') ?? (endpoint === undefined ? undefined : 'us-east-1'),
    pathStyle: parameters.get('pathStyle') === 'true',
    checksums: parameters.get('checksums') === 'when-required' ? 'when-required' : 'when-supported',
    ticket: parameters.get('ticket') === 'put' ? 'put' : 'post',
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
