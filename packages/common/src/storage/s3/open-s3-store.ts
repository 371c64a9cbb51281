import type { Store } from '../store.ts'
import { openBucket, type S3Credentials } from './bucket.ts'
import { LocalCopies, type LocalCopiesOptions } from './local-copies.ts'
import { parseS3Address } from './s3-address.ts'
import { S3Store } from './s3-store.ts'

export async function openS3Store(
  url: string,
  credentials: S3Credentials | undefined,
  copies: LocalCopiesOptions | undefined,
): Promise<Store> {
  const bucket = openBucket(parseS3Address(url), credentials)
  const store = new S3Store(bucket, copies && new LocalCopies(copies))
  await store.check()
  return store
}
