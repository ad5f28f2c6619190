// One bucket behind the AWS SDK: every call has an end, is tried again a few times at most, and fails in the words of the storage port.
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { type S3Action, storageError } from './s3-errors.ts'
import { ANSWER_TIMEOUT_MS, fullKey, SOCKETS_MAX, TRIES } from './s3-terms.ts'
import type { S3Location } from './s3-url.ts'

/** From the first byte to the answer, all tries together. */
const CALL_TIMEOUT_MS = 15_000
const CONNECT_TIMEOUT_MS = 3_000
/** For calls that take a server longer by their nature: of those, only `CALL_TIMEOUT_MS` is the end. */
export const PATIENT = { requestTimeout: 0 } as const

export interface S3StorageOptions extends S3Location {
  /** By default the SDK's chain: environment, profile, role. Only with fixed ones there is a quick way. */
  credentials?: S3ClientConfig['credentials']
}

export interface Bucket {
  name: string
  client: S3Client
  /** Makes signatures only. The checksum that the SDK adds by itself would be that of an empty body. */
  readonly signingClient: S3Client
  /** The key in the bucket. Throws `key.invalid`. */
  full(key: string): string
  prefix: string
  /** Learnt: the server compares the etags of conditional writes without taking off their quotes (Ceph before 17). */
  wantsBareEtags: boolean
  /** Runs one call with a deadline. `isAnswer`: an error that the caller wants to see as it is. */
  call<T>(
    action: S3Action,
    run: (options: { abortSignal: AbortSignal }) => Promise<T>,
    isAnswer?: (error: unknown) => boolean,
  ): Promise<T>
  close(): void
}

export function openBucket(location: S3Location, credentials: S3StorageOptions['credentials'], tries = TRIES): Bucket {
  const { bucket: name, prefix, endpoint, region, pathStyle, checksums } = location
  const config: S3ClientConfig = {
    forcePathStyle: pathStyle,
    maxAttempts: tries,
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials && { credentials }),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: ANSWER_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      // A slow reader is no silent server: the silence is measured where the body is read.
      socketTimeout: 0,
      httpAgent: { maxSockets: SOCKETS_MAX },
      httpsAgent: { maxSockets: SOCKETS_MAX },
    },
  }
  const careful = { requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' } as const
  const client = new S3Client({ ...config, ...(checksums === 'when-required' && careful) })
  let signingClient: S3Client | undefined

  return {
    name,
    prefix,
    wantsBareEtags: false,
    client,
    // Only on demand: who renders signs nothing, and a client takes milliseconds to make.
    get signingClient() {
      signingClient ??= new S3Client({ ...config, ...careful })
      return signingClient
    },
    full: (key) => fullKey(location, key),
    async call(action, run, isAnswer = () => false) {
      // Not AbortSignal.timeout: it would also cut off a body that is being read.
      const deadline = new AbortController()
      const timer = setTimeout(() => deadline.abort(), CALL_TIMEOUT_MS)
      try {
        return await run({ abortSignal: deadline.signal })
      } catch (error) {
        if (isAnswer(error)) throw error
        throw storageError(error, name, action)
      } finally {
        clearTimeout(timer)
      }
    },
    close() {
      client.destroy()
      signingClient?.destroy()
    },
  }
}
