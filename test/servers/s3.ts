// The S3 server that a test file talks to: radosgw, started for it, or the one that runs already under TEST_S3 (the line radosgw.ts prints).
import { randomUUID } from 'node:crypto'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { s3Storage } from '../../src/storage/s3.ts'
import type { S3StorageOptions } from '../../src/storage/s3-client.ts'
import { type Radosgw, startRadosgw } from './radosgw.ts'

export type TestS3 = Awaited<ReturnType<typeof openTestS3>>

export async function openTestS3() {
  const server: Radosgw = process.env.TEST_S3
    ? { ...(JSON.parse(process.env.TEST_S3) as Omit<Radosgw, 'stop'>), stop: async () => {} }
    : await startRadosgw()
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })

  /** A new, empty bucket as a store. */
  async function newStore(options: Partial<S3StorageOptions> = {}) {
    const bucket = options.bucket ?? `test-${randomUUID()}`
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    return { bucket, storage: openStore({ bucket, ...options }) }
  }
  const openStore = (options: Partial<S3StorageOptions> & { bucket: string }) =>
    s3Storage({
      prefix: '',
      endpoint,
      region,
      pathStyle: true,
      checksums: 'when-supported',
      ticket: 'post',
      credentials,
      ...options,
    })

  return {
    ...server,
    client,
    newStore,
    openStore,
    async stop() {
      client.destroy()
      await server.stop()
    },
  }
}
