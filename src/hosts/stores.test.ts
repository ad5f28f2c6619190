// Where the two stores are, by their URLs, and which pairs cannot be.
import { expect, it } from 'vitest'
import { ThumbsmithError } from '../errors.ts'
import { placesOf } from './stores.ts'

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
