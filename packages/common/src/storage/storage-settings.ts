import { z } from 'zod'
import type { S3Credentials } from './s3/bucket.ts'

/** Variables of every service that reads or writes files. */
export const storageSettings = {
  /** `file:///folder`, or `s3://bucket/prefix?endpoint=…&region=…`, without credentials. */
  STORAGE_URL: z.url({ protocol: /^(file|s3)$/ }),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
}

interface StorageConfig {
  S3_ACCESS_KEY_ID?: string | undefined
  S3_SECRET_ACCESS_KEY?: string | undefined
}

/** The S3 access keys; undefined when none is set. Throws when only one of them is set. */
export function s3Credentials({
  S3_ACCESS_KEY_ID: accessKeyId,
  S3_SECRET_ACCESS_KEY: secretAccessKey,
}: StorageConfig): S3Credentials | undefined {
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error('Set both S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or neither')
  }
  return { accessKeyId, secretAccessKey }
}
