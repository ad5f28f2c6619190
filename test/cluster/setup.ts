// Started once for all files of the cluster's tests: the S3 server, which each file gives buckets of its own; engines are stopped and emptied, so each file has its own.
import { startRadosgw } from '../servers/radosgw.ts'

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.TEST_S3) return undefined
  const { stop, ...access } = await startRadosgw()
  process.env.TEST_S3 = JSON.stringify(access)
  return stop
}
