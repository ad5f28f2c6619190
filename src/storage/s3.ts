// A bucket on any S3-compatible server as a store: the quick way where all is known for it, and the SDK's for the rest and whatever that leaves open.
import { ThumbsmithError } from '../errors.ts'
import type { S3StorageOptions } from './s3-client.ts'
import { type Credentials, quickBucket } from './s3-quick.ts'
import type { SdkStorage } from './s3-sdk.ts'
import { TRIES } from './s3-terms.ts'
import type { Storage } from './storage.ts'

/** Throws nothing here: the first call tells what is wrong. */
export function s3Storage(options: S3StorageOptions): Storage & { close(): Promise<void> } {
  const { bucket, prefix, credentials } = options
  const quick = isFixed(credentials) ? quickBucket(options, credentials) : undefined
  const opened: Promise<SdkStorage>[] = []
  let closed = false
  const opening = (tries: number) => {
    let sdk: Promise<SdkStorage> | undefined
    return async () => {
      if (closed) throw new ThumbsmithError('storage.unavailable', undefined, { detail: 'the store was closed' })
      if (!sdk) {
        sdk = import('./s3-sdk.ts').then(({ sdkStorage }) => sdkStorage(options, tries))
        opened.push(sdk)
      }
      return sdk
    }
  }
  const sdk = opening(TRIES)
  /** For what was tried once. */
  const again = opening(TRIES - 1)
  const after = (answer: { open: string } | undefined) => (!answer || answer.open === 'untried' ? sdk() : again())

  return {
    url: `s3://${bucket}/${prefix}`,
    async head(key) {
      const answer = await quick?.head(key)
      return answer && 'found' in answer ? answer.found : (await after(answer)).head(key)
    },
    async get(key, options = {}) {
      const answer = await quick?.get(key, options)
      return answer && 'found' in answer ? answer.found : (await after(answer)).get(key, options)
    },
    async put(key, body, options) {
      const answer = body instanceof Uint8Array ? await quick?.put(key, body, options) : undefined
      if (answer && 'found' in answer) return answer.found
      return (await after(answer)).put(key, body, options, answer?.open === 'sent')
    },
    delete: async (key, options) => (await sdk()).delete(key, options),
    list: async (options) => (await sdk()).list(options),
    signUpload: async (policy) => (await sdk()).signUpload(policy),
    signDownload: async (key, options) => (await sdk()).signDownload(key, options),
    async close() {
      closed = true
      quick?.close()
      for (const storage of opened) await (await storage).close()
    },
  }
}

function isFixed(credentials: S3StorageOptions['credentials']): credentials is Credentials {
  return typeof credentials === 'object' && !('expiration' in credentials && credentials.expiration)
}
