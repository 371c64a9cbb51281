import { expect, test } from 'vitest'
import { parseS3Address } from './bucket.ts'

test('bucket, prefix, endpoint and region are read from the address', () => {
  expect(parseS3Address('s3://films/kinora/live/?endpoint=http://127.0.0.1:9000&region=eu-west-1')).toEqual({
    bucket: 'films',
    prefix: 'kinora/live/',
    endpoint: 'http://127.0.0.1:9000',
    region: 'eu-west-1',
  })
})

test('a bucket alone is enough', () => {
  expect(parseS3Address('s3://films')).toEqual({
    bucket: 'films',
    prefix: '',
    endpoint: undefined,
    region: 'us-east-1',
  })
})

test.each([
  ['s3://', 'names no bucket'],
  ['s3://films?endpoint=ftp://127.0.0.1', 'only an endpoint'],
  ['s3://films?secret=x', 'are allowed as parameters'],
])('%s is refused', (url, why) => {
  expect(() => parseS3Address(url)).toThrow(why)
})

test('credentials in the address are refused and not repeated', () => {
  const refusal = () => parseS3Address('s3://AKIA:hush@films')
  expect(refusal).toThrow('S3_SECRET_ACCESS_KEY')
  expect(refusal).not.toThrow('hush')
})
