// The quick way to a bucket speaks to the same place as the SDK, and leaves alone what it does not know.
import { describe, expect, it } from 'vitest'
import { s3Storage } from './s3.ts'
import { baseUrl, quickBucket } from './s3-quick.ts'
import { parseS3Url } from './s3-url.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' }

describe('the address of a bucket', () => {
  it.each([
    's3://pictures?region=eu-central-1',
    's3://pictures/in?region=us-east-1',
    's3://pictures?endpoint=http://127.0.0.1:9000',
    's3://pictures?endpoint=http://[::1]:9000',
    's3://pictures?endpoint=http://127.0.0.1:9000&pathStyle=true',
    's3://pictures.of.mine?endpoint=http://127.0.0.1:9000&pathStyle=true',
    's3://pictures?endpoint=http://minio:9000',
    's3://pictures?endpoint=https://store.example',
    's3://pictures?endpoint=https://store.example&pathStyle=true',
    's3://pictures?endpoint=https://store.example/s3/&pathStyle=true',
    's3://pictures?endpoint=https://store.example:8443/s3',
  ])('of %s is the one that the SDK knows', async (url) => {
    const location = parseS3Url('X', url)
    const link = await s3Storage({ ...location, credentials }).signDownload('a', { expiresInSeconds: 60 })
    const { origin, pathname } = new URL(link)
    const base = baseUrl(location)
    expect(`${base?.origin}${base?.pathname}${location.prefix}a`).toBe(origin + pathname)
  })

  it.each([
    's3://pictures',
    's3://pictures?region=cn-north-1',
    's3://pictures?region=us-gov-west-1',
    's3://pictures.of.mine?region=eu-central-1',
    's3://pictures?region=eu-central-1&pathStyle=true',
    's3://pictures.of.mine?endpoint=https://store.example',
    's3://pictures_of_mine?endpoint=https://store.example',
  ])('of %s is left to the SDK', (url) => {
    expect(quickBucket(parseS3Url('X', url), credentials)).toBeUndefined()
  })
})
