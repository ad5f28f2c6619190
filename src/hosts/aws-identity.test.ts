// Who we are to S3: as the environment says it plainly, or as the SDK finds out.
import { expect, it } from 'vitest'
import { parseS3Url } from '../storage/s3-url.ts'
import { withIdentity } from './aws-identity.ts'

const location = parseS3Url('X', 's3://pictures')
const KEYS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', HOME: '/nowhere' }

it('is taken from the environment', () => {
  expect(withIdentity(location, { ...KEYS, AWS_REGION: 'eu-central-1' })).toEqual({
    ...location,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  })
  expect(
    withIdentity({ ...location, region: 'us-east-1' }, { ...KEYS, AWS_REGION: 'x', AWS_SESSION_TOKEN: 't' }),
  ).toEqual({
    ...location,
    region: 'us-east-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 't' },
  })
})

it('says where S3 is', () => {
  const here = { ...KEYS, AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: 'https://aws.example' }
  expect(withIdentity(location, here).endpoint).toBe('https://aws.example')
  expect(withIdentity(location, { ...here, AWS_ENDPOINT_URL_S3: 'https://s3.example' }).endpoint).toBe(
    'https://s3.example',
  )
  const named = { ...location, endpoint: 'https://store.example' }
  expect(withIdentity(named, here).endpoint).toBe('https://store.example')
  // What stands in files is of no matter to a store that says where it is.
  expect(withIdentity(named, { ...here, AWS_CONFIG_FILE: import.meta.filename }).credentials).toBeDefined()
})

it.each([
  {},
  { AWS_ACCESS_KEY_ID: 'id', HOME: '/nowhere' },
  { ...KEYS, AWS_PROFILE: 'work' },
  { ...KEYS, AWS_CREDENTIAL_EXPIRATION: '2030-01-01T00:00:00Z' },
  { ...KEYS, AWS_USE_FIPS_ENDPOINT: 'true' },
  { ...KEYS, AWS_CONFIG_FILE: import.meta.filename },
  { ...KEYS, AWS_SHARED_CREDENTIALS_FILE: import.meta.filename },
])('is left to the SDK with %o', (env) => {
  expect(withIdentity(location, { AWS_REGION: 'eu-central-1', ...env })).toBe(location)
})
