// The S3 driver against a real server: the storage contract, and what only a real server can refuse.
import { afterAll, beforeAll, describe, it } from 'vitest'
import { storageContract } from '../../src/storage/contract.ts'
import { openTestS3, type TestS3 } from '../servers/s3.ts'

let s3: TestS3
beforeAll(async () => {
  s3 = await openTestS3()
})
afterAll(() => s3?.stop())

const WAYS = {
  'the quick way first': () => s3.newStore(),
  // Credentials that may change are the SDK's to ask for.
  'the SDK alone': () => {
    const { accessKeyId, secretAccessKey } = s3
    return s3.newStore({ credentials: async () => ({ accessKeyId, secretAccessKey }) })
  },
}

for (const [way, newStore] of Object.entries(WAYS))
  describe(way, () =>
    storageContract({
      describe,
      it,
      async open() {
        const { storage } = await newStore()
        return { storage, send: (request) => fetch(request), close: () => storage.close() }
      },
      skip: [
        {
          case: 'POST ticket: used again',
          reason: 'the policy of a form cannot say "only once": while it lasts, the last upload wins',
        },
        {
          case: 'PUT ticket: one header more',
          reason: 'AWS refuses x-amz-* headers that are not signed; Ceph takes them',
        },
      ],
    }),
  )
