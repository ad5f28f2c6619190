// Who we are to S3, and where it is, where the environment says so plainly; whatever else there is to know, the AWS SDK finds out.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { S3StorageOptions } from '../storage/s3-client.ts'
import type { S3Location } from '../storage/s3-url.ts'

type Env = Record<string, string | undefined>

/** Where signatures or addresses are to be of another kind, only the SDK knows how. */
const ODD = ['AWS_PROFILE', 'AWS_CREDENTIAL_EXPIRATION']
const ODD_IF_TRUE = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']

/** With address, region and credentials where all of them are plain; else as it was. */
export function withIdentity(location: S3Location, env: Env): S3StorageOptions {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env
  const isOdd = ODD.some((name) => env[name]) || ODD_IF_TRUE.some((name) => env[name]?.toLowerCase() === 'true')
  if (isOdd || !accessKeyId || !secretAccessKey) return location
  if (location.endpoint === undefined && hasAwsFiles(env)) return location
  return {
    ...location,
    endpoint: location.endpoint ?? (env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined),
    region: location.region ?? env.AWS_REGION,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
  }
}

/** Another address may stand in them. */
function hasAwsFiles({ AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, HOME = homedir() }: Env): boolean {
  const own = (name: string) => join(HOME, '.aws', name)
  const files = [AWS_CONFIG_FILE ?? own('config'), AWS_SHARED_CREDENTIALS_FILE ?? own('credentials')]
  return files.some((file) => existsSync(file))
}
