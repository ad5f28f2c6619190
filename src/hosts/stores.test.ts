// Where the two stores are, by their URLs, and which pairs cannot be.
import { expect, it } from 'vitest'
import { ThumbsmithError } from '../errors.ts'
import { parseUrl, placesOf } from './stores.ts'

const AT = '?endpoint=http://127.0.0.1:9000'

it.each([
  ['file:./a', 'file:./b'],
  ['file:./a', 's3://pictures'],
  ['s3://pictures', 'file:./a'],
  ['s3://pictures', 's3://renditions'],
  ['s3://pictures', 's3://pictures'],
  ['s3://pictures/in', 's3://pictures/out'],
  ['s3://pictures/in', 's3://pictures/inner'],
  [`s3://pictures${AT}`, 's3://pictures/out'],
])('%s and %s', (originals, renditions) => {
  const places = placesOf({ originals, renditions })
  expect(places.originals.scheme).toBe(originals.split(':')[0])
  expect(places.renditions.scheme).toBe(renditions.split(':')[0])
})

it.each([
  ['s3://pictures', 's3://pictures/out', 'overlap'],
  ['s3://pictures/in/deep', 's3://pictures/in', 'overlap'],
  ['s3://pictures?pathStyle=true', 's3://pictures', 'alike'],
  ['ftp://pictures', 'file:./a', 'must begin with file: or s3:'],
  ['file:', 'file:./a', 'without a folder'],
])('not %s and %s', (originals, renditions, words) => {
  expect(() => placesOf({ originals, renditions })).toThrow(ThumbsmithError)
  expect(() => placesOf({ originals, renditions })).toThrow(words)
})

it.each([
  ['postgres://ann:secret@db/x', 'THUMBSMITH_ORIGINALS begins with postgres:. It must begin with file: or s3:'],
  ['ann:secret@db/x', 'THUMBSMITH_ORIGINALS begins with no scheme that is known here. It must'],
  ['//ann:secret@db/x', 'THUMBSMITH_ORIGINALS begins with no scheme'],
])('a password in %s is not repeated', (url, words) => {
  expect(() => parseUrl('THUMBSMITH_ORIGINALS', url, ['file', 's3'])).toThrow(words)
})

it('nor is one in a bucket that is none', () => {
  const places = () => placesOf({ originals: 's3:/ann:secret@bucket', renditions: 'file:./a' })
  expect(places).toThrow('THUMBSMITH_ORIGINALS: "s3://" names no bucket.')
})
